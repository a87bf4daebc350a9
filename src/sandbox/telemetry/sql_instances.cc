#include "sandbox/telemetry/sql_instances.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <sstream>
#include <unistd.h>

#include "base/log.h"
#include "sandbox/limits.h"

namespace aipress::sandbox {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// What the server counts, and the metric that it is.
struct Variable {
    std::string_view name;
    std::string_view metric;
};
constexpr std::array<Variable, 4> kCounters{{{"Queries", "mysql/queries"},
                                             {"Questions", "mysql/questions"},
                                             {"Bytes_received", "network/received_bytes_count"},
                                             {"Bytes_sent", "network/sent_bytes_count"}}};
constexpr std::array<Variable, 4> kGauges{
    {{"Threads_connected", "network/connections"},
     {"Innodb_buffer_pool_pages_dirty", "mysql/innodb_buffer_pool_pages_dirty"},
     {"Innodb_buffer_pool_pages_free", "mysql/innodb_buffer_pool_pages_free"},
     {"Innodb_buffer_pool_pages_total", "mysql/innodb_buffer_pool_pages_total"}}};

std::string status_statement() {
    std::string names;
    for (auto const& list : {kCounters, kGauges}) {
        for (auto const& variable : list) {
            names += fmt::format("{}'{}'", names.empty() ? "" : ",", variable.name);
        }
    }
    return fmt::format("SHOW GLOBAL STATUS WHERE Variable_name IN ({})", names);
}

using Counts = std::map<std::string, std::int64_t>;

std::int64_t value_in(Counts const& counts, std::string_view name) {
    auto const found = counts.find(std::string(name));
    return found == counts.end() ? 0 : found->second;
}

Counts parse_status(std::string const& output) {
    Counts status;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        auto const tab = line.find('\t');
        if (tab == line.npos) continue;
        status[line.substr(0, tab)] = std::strtoll(line.c_str() + tab + 1, nullptr, 10);
    }
    return status;
}

struct ProcessUse {
    double cpu_seconds = 0;
    milliseconds age{0};
    std::int64_t memory = 0;
};

// proc(5): the fields behind the name, which is in parentheses. nullopt: it has ended.
std::optional<ProcessUse> use_of(pid_t pid) {
    std::ostringstream text;
    text << std::ifstream(fmt::format("/proc/{}/stat", pid)).rdbuf();
    auto const stat = text.str();
    auto const name_end = stat.rfind(')');
    if (name_end == stat.npos) return std::nullopt;
    std::istringstream rest(stat.substr(name_end + 1));
    std::vector<std::string> fields{"pid", "name"};
    for (std::string field; rest >> field;) fields.push_back(field);
    constexpr std::size_t kUser = 13;  // the first one is number 0
    constexpr std::size_t kSystem = 14;
    constexpr std::size_t kStart = 21;
    constexpr std::size_t kPages = 23;
    if (fields.size() <= kPages) return std::nullopt;
    double uptime = 0;
    std::ifstream("/proc/uptime") >> uptime;
    auto const ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    auto const number = [&](std::size_t index) {
        return std::strtod(fields[index].c_str(), nullptr);
    };
    return ProcessUse{
        .cpu_seconds = (number(kUser) + number(kSystem)) / ticks,
        .age = milliseconds(std::max(1LL, std::llround(1000 * (uptime - number(kStart) / ticks)))),
        .memory = static_cast<std::int64_t>(number(kPages)) * ::sysconf(_SC_PAGESIZE)};
}

// Files come and go meanwhile.
std::int64_t bytes_in(fs::path const& folder) {
    std::uintmax_t bytes = 0;
    std::error_code failure;
    for (fs::recursive_directory_iterator file(folder, failure), end; !failure && file != end;
         file.increment(failure)) {
        std::error_code gone;
        auto const size = file->is_regular_file(gone) ? file->file_size(gone) : 0;
        if (!gone) bytes += size;
    }
    return static_cast<std::int64_t>(bytes);
}

// Collects the points of one instance.
class Points {
public:
    Points(Measurement frame, std::vector<Measurement>& all)
        : frame_(std::move(frame)), all_(all) {}

    void add(std::string_view metric, json::object value) {
        auto& one = all_.emplace_back(frame_);
        one.metric = fmt::format("cloudsql.googleapis.com/database/{}", metric);
        one.value = std::move(value);
    }
    void add_use(std::string_view of, std::string_view name, std::int64_t used,
                 std::int64_t quota) {
        add(fmt::format("{}/quota", of), whole_value(quota));
        add(fmt::format("{}/{}", of, name), whole_value(used));
        auto const share = static_cast<double>(used) / static_cast<double>(std::max(quota, 1L));
        add(fmt::format("{}/utilization", of), real_value(share));
    }
    // `counters`: as of the time `from`. Returns those of now.
    Counts add_status(Counts const& status, Counts const& counters, Nanoseconds from) {
        for (auto const& [name, metric] : kGauges) {
            // The connection that asks is none of the client's.
            auto const own = name == "Threads_connected" ? 1 : 0;
            add(metric, whole_value(value_in(status, name) - own));
        }
        Counts counted;
        for (auto const& [name, metric] : kCounters) {
            auto const count = value_in(status, name);
            add(metric, whole_value(count - value_in(counters, name)));
            all_.back().from = from;
            counted[std::string(name)] = count;
        }
        return counted;
    }

private:
    Measurement const frame_;
    std::vector<Measurement>& all_;
};

}  // namespace

Outcome<std::vector<SqlInstance>> SqlInstances::instances() {
    return read<std::vector<SqlInstance>>(
        store_, [](Transaction& transaction) -> Outcome<std::vector<SqlInstance>> {
            auto page = TRY(transaction.list(kSqlInstances, "", "", limits::kSampledInstances));
            std::vector<SqlInstance> found;
            for (auto& document : page.documents) found.push_back({std::move(document)});
            return found;
        });
}

std::vector<Measurement> SqlInstances::sample(Nanoseconds now) {
    std::vector<Measurement> measurements;
    auto found = instances();
    if (!found.ok()) {
        log::error("Cloud SQL is not measured: {}", found.release_error().message);
        return measurements;
    }
    next_.clear();
    for (auto const& instance : found.release()) {
        auto const& resource = instance.resource();
        if (text_field(resource, "state") == "PENDING_CREATE") continue;
        auto const project = text_field(resource, "project");
        auto const name = text_field(resource, "name");
        measure(instance,
                {.project = project,
                 .resource = "cloudsql_database",
                 .resource_labels = {{"project_id", project},
                                     {"database_id", fmt::format("{}:{}", project, name)},
                                     {"region", text_field(resource, "region")}},
                 .from = now,
                 .to = now},
                measurements);
    }
    last_.swap(next_);
    return measurements;
}

// Compared with the sample before, or with the start of the process.
SqlInstances::Sample SqlInstances::last_of(std::string const& id, pid_t pid, milliseconds age,
                                           Nanoseconds now) const {
    auto const before = last_.find(id);
    if (before != last_.end() && before->second.pid == pid) return before->second;
    return {.pid = pid,
            .taken = SystemClock().now() - age,
            .counted = std::max(now - age, Nanoseconds(0))};
}

void SqlInstances::measure(SqlInstance const& instance, Measurement const& frame,
                           std::vector<Measurement>& measurements) {
    Points points(frame, measurements);
    auto const id = instance.id();
    auto const pid = machines_.pid(id);
    auto const use = pid == 0 ? std::nullopt : use_of(pid);
    auto const& settings = instance.resource().at("settings").as_object();
    auto found_tier = find_tier(text_field(settings, "tier"));
    if (!use || !found_tier.ok()) return points.add("up", whole_value(0));
    auto const tier = found_tier.release();
    auto const last = last_of(id, pid, use->age, frame.to);
    auto sample = last;
    sample.taken = SystemClock().now();
    sample.cpu_seconds = use->cpu_seconds;
    auto const seconds = std::chrono::duration<double>(sample.taken - last.taken).count();
    points.add("cpu/reserved_cores", real_value(tier.cpus));
    points.add("cpu/utilization",
               real_value((sample.cpu_seconds - last.cpu_seconds) / seconds / tier.cpus));
    auto const memory = static_cast<std::int64_t>(tier.memory_mb << 20);
    points.add_use("memory", "usage", use->memory, memory);
    auto const disk = std::strtoll(text_field(settings, "dataDiskSizeGb").c_str(), nullptr, 10)
                      << 30;
    points.add_use("disk", "bytes_used", bytes_in(machines_.folder(id) / "data"), disk);

    auto const answer = run_sql(machines_.context().within(limits::kSqlSampleTime),
                                machines_.folder(id), status_statement());
    points.add("up", whole_value(answer.ok() ? 1 : 0));
    if (answer.ok()) {
        auto const status = parse_status(answer.value());
        sample.counters = points.add_status(status, last.counters, last.counted);
        sample.counted = frame.to;
    }
    next_[id] = std::move(sample);
}

}  // namespace aipress::sandbox
