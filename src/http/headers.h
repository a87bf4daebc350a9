// Header fields in the order they came; names compare without case.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aipress::http {

[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);

// Not thread safe.
class Headers {
public:
    using Field = std::pair<std::string, std::string>;

    Headers() = default;
    Headers(std::initializer_list<Field> fields) : fields_(fields) {}

    // The first of that name.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
    // Is `token` one of the field's comma-separated values? "gzip, br" has "br".
    [[nodiscard]] bool has_token(std::string_view name, std::string_view token) const;

    void add(std::string name, std::string value);
    // In place of all others of that name.
    void set(std::string_view name, std::string value);
    void remove(std::string_view name);

    [[nodiscard]] std::vector<Field> const& fields() const { return fields_; }

private:
    std::vector<Field> fields_;
};

}  // namespace aipress::http
