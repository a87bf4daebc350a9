// What was measured: a table for people, JSON for machines.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

namespace aipress::bench {

// The middle value; the mean of the two middle ones. REQUIRES: not empty.
[[nodiscard]] double median(std::vector<double> values);

// One line of the table.
struct Figure {
    std::string part;  // "copy"
    std::string name;  // "aipress, wall"
    double value = 0;
    std::string unit;             // "s", "MB", "rows/s"
    std::vector<double> samples;  // what the median was taken of
    // Against what the mover is to reach; nullopt: only reported.
    std::optional<double> goal = {};
    bool at_most = true;  // the goal is an upper bound

    [[nodiscard]] bool reached() const {
        return !goal || (at_most ? value <= *goal : value >= *goal);
    }
};

[[nodiscard]] Figure median_figure(std::string part, std::string name, std::vector<double> samples,
                                   std::string unit);

// Aligned columns; lines that missed their goal say so.
[[nodiscard]] std::string render_table(std::vector<Figure> const& figures);
[[nodiscard]] boost::json::object to_json(std::vector<Figure> const& figures);

}  // namespace aipress::bench
