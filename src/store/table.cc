#include "store/table.h"

namespace aipress::store {

std::string joined(std::string_view const* columns, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        text += i == 0 ? "" : ", ";
        text += columns[i];
    }
    return text;
}

std::string numbered(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += fmt::format("{}${}", i == 0 ? "" : ", ", i + 1);
    return text;
}

std::string numbered_rows(std::size_t columns, std::size_t rows) {
    std::string text;
    std::size_t number = 0;
    for (std::size_t row = 0; row < rows; ++row) {
        text += row == 0 ? "(" : ", (";
        for (std::size_t i = 0; i < columns; ++i) {
            text += fmt::format("{}${}", i == 0 ? "" : ", ", ++number);
        }
        text += ")";
    }
    return text;
}

std::string conditions(std::string_view const* columns, std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        text += fmt::format("{}{} = ${}", i == 0 ? "" : " AND ", columns[i], i + 1);
    }
    return text;
}

std::string assignments(std::string_view const* columns, std::size_t from, std::size_t count) {
    std::string text;
    for (std::size_t i = from; i < count; ++i) {
        text += fmt::format("{}{} = ${}", i == from ? "" : ", ", columns[i], i + 1);
    }
    return text;
}

}  // namespace aipress::store
