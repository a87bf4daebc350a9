#include "bench/results.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <utility>

#include "base/assert.h"

namespace aipress::bench {
namespace {

std::string goal_text(Figure const& figure) {
    if (!figure.goal) return "";
    return fmt::format("{} {:.6g}: {}", figure.at_most ? "at most" : "at least", *figure.goal,
                       figure.reached() ? "reached" : "MISSED");
}

std::string spread_text(Figure const& figure) {
    if (figure.samples.size() < 2) return "";
    auto const [least, most] = std::minmax_element(figure.samples.begin(), figure.samples.end());
    return fmt::format("{:.2f} to {:.2f}", *least, *most);
}

}  // namespace

double median(std::vector<double> values) {
    ASSERT(!values.empty());
    std::sort(values.begin(), values.end());
    auto const middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

Figure median_figure(std::string part, std::string name, std::vector<double> samples,
                     std::string unit) {
    return {.part = std::move(part),
            .name = std::move(name),
            .value = median(samples),
            .unit = std::move(unit),
            .samples = std::move(samples)};
}

std::string render_table(std::vector<Figure> const& figures) {
    std::size_t name_width = 0;
    for (auto const& figure : figures) name_width = std::max(name_width, figure.name.size());
    std::string table = fmt::format("{:<8} {:<{}} {:>12} {:<7} {:<20} {}\n", "part", "figure",
                                    name_width, "median", "unit", "spread", "goal");
    for (auto const& figure : figures) {
        auto line = fmt::format("{:<8} {:<{}} {:>12.2f} {:<7} {:<20} {}", figure.part, figure.name,
                                name_width, figure.value, figure.unit, spread_text(figure),
                                goal_text(figure));
        line.erase(line.find_last_not_of(' ') + 1);
        table += line + '\n';
    }
    return table;
}

boost::json::object to_json(std::vector<Figure> const& figures) {
    boost::json::array list;
    for (auto const& figure : figures) {
        boost::json::object one{
            {"part", figure.part},
            {"name", figure.name},
            {"value", figure.value},
            {"unit", figure.unit},
            {"samples", boost::json::array(figure.samples.begin(), figure.samples.end())}};
        if (figure.goal) {
            one["goal"] = *figure.goal;
            one["goal_is"] = figure.at_most ? "at most" : "at least";
            one["reached"] = figure.reached();
        }
        list.push_back(std::move(one));
    }
    return {{"figures", std::move(list)}};
}

}  // namespace aipress::bench
