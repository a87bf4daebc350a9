#include "mover/report_json.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <fmt/format.h>
#include <type_traits>

namespace aipress::mover {
namespace {

// One list of fields for both directions. `T` is const when writing.
template <typename T, typename Visitor>
    requires std::is_same_v<std::remove_const_t<T>, Refusal>
void visit_fields(T& refusal, Visitor&& visit) {
    visit("code", refusal.code);
    visit("object", refusal.object);
    visit("message", refusal.message);
    visit("fix", refusal.fix);
}

template <typename T, typename Visitor>
    requires std::is_same_v<std::remove_const_t<T>, TableReport>
void visit_fields(T& table, Visitor&& visit) {
    visit("table", table.table);
    visit("rows_copied", table.rows_copied);
    visit("bytes_copied", table.bytes_copied);
    visit("rows_estimate", table.rows_estimate);
    visit("bytes_estimate", table.bytes_estimate);
    visit("rows_changed", table.rows_changed);
    visit("rows_verified", table.rows_verified);
    visit("mode", table.mode);
}

template <typename T, typename Visitor>
    requires std::is_same_v<std::remove_const_t<T>, Report>
void visit_fields(T& report, Visitor&& visit) {
    visit("move_id", report.move_id);
    visit("source", report.source);
    visit("target", report.target);
    visit("state", report.state);
    visit("owner", report.owner);
    visit("paused", report.paused);
    visit("throttled_by", report.throttled_by);
    visit("tables", report.tables);
    visit("tables_copied", report.tables_copied);
    visit("rows_estimate", report.rows_estimate);
    visit("bytes_estimate", report.bytes_estimate);
    visit("rows_copied", report.rows_copied);
    visit("bytes_copied", report.bytes_copied);
    visit("rows_changed", report.rows_changed);
    visit("rounds", report.rounds);
    visit("dirty_keys", report.dirty_keys);
    visit("unverified_keys", report.unverified_keys);
    visit("fence_ms", report.fence_ms);
    visit("rollback_fence_ms", report.rollback_fence_ms);
    visit("verified_rows", report.verified_rows);
    visit("differences", report.differences);
    visit("copy_ms", report.copy_ms);
    visit("catchup_ms", report.catchup_ms);
    visit("verify_ms", report.verify_ms);
    visit("lag_ms", report.lag_ms);
    visit("reverse_broken", report.reverse_broken);
    visit("reverse_error", report.reverse_error);
    visit("writes_at_risk", report.writes_at_risk);
    visit("refused", report.refused);
    visit("per_table", report.per_table);
    visit("error", report.error);
}

template <typename T>
boost::json::object write_object(T const& value);

class Writer {
public:
    explicit Writer(boost::json::object& object) : object_(object) {}

    template <typename T>
    void operator()(char const* name, T const& value) {
        object_[name] = value;
    }
    void operator()(char const* name, State state) { object_[name] = to_string(state); }
    template <typename T>
    void operator()(char const* name, std::vector<T> const& values) {
        boost::json::array array;
        for (auto const& value : values) array.push_back(write_object(value));
        object_[name] = std::move(array);
    }

private:
    boost::json::object& object_;
};

template <typename T>
boost::json::object write_object(T const& value) {
    boost::json::object object;
    visit_fields(value, Writer(object));
    return object;
}

// Stops at the first field that is wrong.
class Reader {
public:
    Reader(boost::json::object const& object, std::string path)
        : object_(object), path_(std::move(path)) {}

    template <typename T>
    void operator()(char const* name, T& out) {
        if (!result_.ok()) return;
        auto const* value = object_.if_contains(name);
        if (value == nullptr) {
            fail(name, "missing");
        } else {
            read(name, *value, out);
        }
    }
    [[nodiscard]] Result<void> take_result() { return std::move(result_); }

private:
    void fail(std::string_view name, std::string_view what) {
        result_ = Error(ErrorCode::InvalidArgument, fmt::format("{}.{}: {}", path_, name, what));
    }
    void read(char const* name, boost::json::value const& value, std::string& out) {
        if (!value.is_string()) return fail(name, "expected a string");
        out = value.get_string();
    }
    void read(char const* name, boost::json::value const& value, bool& out) {
        if (!value.is_bool()) return fail(name, "expected true or false");
        out = value.get_bool();
    }
    void read(char const* name, boost::json::value const& value, State& out) {
        auto const state = value.is_string() ? state_from_string(value.get_string()) : std::nullopt;
        if (!state) return fail(name, "expected the name of a state");
        out = *state;
    }
    template <typename Integer>
        requires std::is_integral_v<Integer>
    void read(char const* name, boost::json::value const& value, Integer& out) {
        boost::system::error_code failure;
        out = value.to_number<Integer>(failure);
        if (failure || value.is_double()) fail(name, "expected an integer in range");
    }
    template <typename T>
    void read(char const* name, boost::json::value const& value, std::vector<T>& out) {
        if (!value.is_array()) return fail(name, "expected an array");
        for (auto const& element : value.get_array()) {
            if (!element.is_object()) return fail(name, "expected an array of objects");
            Reader reader(element.get_object(), fmt::format("{}.{}[{}]", path_, name, out.size()));
            visit_fields(out.emplace_back(), reader);
            result_ = reader.take_result();
            if (!result_.ok()) return;
        }
    }

    boost::json::object const& object_;
    std::string path_;
    Result<void> result_;
};

}  // namespace

std::optional<State> state_from_string(std::string_view name) {
    for (int number = 0; number <= static_cast<int>(State::RolledBack); ++number) {
        auto const state = static_cast<State>(number);
        if (to_string(state) == name) return state;
    }
    return std::nullopt;
}

boost::json::object to_json(Report const& report) {
    return write_object(report);
}

Result<Report> report_from_json(boost::json::object const& object) {
    Report report;
    Reader reader(object, "$");
    visit_fields(report, reader);
    TRY(reader.take_result());
    return report;
}

}  // namespace aipress::mover
