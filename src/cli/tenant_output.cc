#include "cli/tenant_output.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "cli/table.h"
#include "migration/relocation_json.h"

namespace aipress::cli {
namespace {

namespace bj = boost::json;

using migration::JournalContent;
using migration::Summary;

std::string line_of(bj::object const& object) {
    return bj::serialize(object) + "\n";
}

bj::object to_json(migration::Entry const& entry) {
    bj::object object{{"at", migration::timestamp(entry.at)}};
    if (entry.state) {
        object["state"] = migration::to_string(*entry.state);
    } else {
        object["action"] = entry.action;
        object["event"] = migration::to_string(entry.event);
    }
    if (!entry.reason.empty()) object["reason"] = entry.reason;
    if (!entry.facts.empty()) object["facts"] = entry.facts;
    return object;
}

std::string whole_seconds(WallTime from, WallTime to) {
    if (from == WallTime()) return "";
    auto const took = std::chrono::duration_cast<milliseconds>(to - from);
    return fmt::format("{:.1f} s", static_cast<double>(took.count()) / 1'000);
}

std::string where(fleet::Home const& home) {
    return fmt::format("service {} in {}, database {} on {}, files gs://{}/{}", home.service,
                       home.project, home.database, home.instance, home.bucket, home.prefix);
}

}  // namespace

std::string render_summary(Summary const& summary, OutputFormat format) {
    if (format == OutputFormat::Json) return line_of(migration::to_json(summary));
    Table table({{"STEP"}, {"STATE"}, {"SINCE"}, {"TOOK", Align::Right}});
    for (auto const& step : summary.steps) {
        table.add_row({std::string(migration::to_string(step.step)),
                       std::string(migration::to_string(step.state)),
                       migration::timestamp(step.begun_at),
                       whole_seconds(step.begun_at, step.ended_at)});
    }
    auto text =
        fmt::format("{}: {}; {} serves\n{}", summary.tenant, migration::to_string(summary.state),
                    summary.is_switched ? "the new home" : "the old home", table.render());
    if (summary.fence_ms >= 0) {
        text += fmt::format("writes were held for {} ms\n", summary.fence_ms);
    }
    if (!summary.problem.empty()) text += "problem: " + printable(summary.problem) + "\n";
    if (!summary.next.empty()) text += "next: " + summary.next + "\n";
    return text;
}

std::string render_why(Summary const& summary, OutputFormat format) {
    if (format == OutputFormat::Json) {
        return line_of({{"tenant", summary.tenant},
                        {"state", migration::to_string(summary.state)},
                        {"switched", summary.is_switched},
                        {"reason", summary.reason},
                        {"problem", summary.problem},
                        {"next", summary.next}});
    }
    auto text = fmt::format("{} is {}", summary.tenant, migration::to_string(summary.state));
    if (!summary.reason.empty()) text += ": " + printable(summary.reason);
    text += "\n";
    if (!summary.problem.empty()) {
        text += "what stopped it: " + printable(summary.problem) + "\n";
    } else if (summary.state == migration::State::Running) {
        text += "nothing has failed: it has not been carried further\n";
    }
    text += summary.is_switched ? "visitors are served by the new home\n"
                                : "visitors are served by the old home\n";
    if (!summary.next.empty()) text += "next: " + summary.next + "\n";
    return text;
}

std::string render_history(std::vector<JournalContent> const& migrations, OutputFormat format) {
    if (format == OutputFormat::Json) {
        bj::array all;
        for (auto const& content : migrations) {
            bj::array entries;
            for (auto const& entry : content.entries) entries.push_back(to_json(entry));
            all.push_back(bj::object{{"migration", content.header.id},
                                     {"state", migration::to_string(content.state)},
                                     {"to", content.header.relocation.to.project},
                                     {"entries", std::move(entries)}});
        }
        return line_of({{"migrations", std::move(all)}});
    }
    std::string text;
    for (auto const& content : migrations) {
        text += fmt::format(
            "{}: {} -> {}, {}\n", content.header.id, content.header.relocation.from.project,
            content.header.relocation.to.project, migration::to_string(content.state));
        Table table({{"TIME"}, {"WHAT"}, {"EVENT"}, {"REASON", Align::Left, 80}});
        for (auto const& entry : content.entries) {
            table.add_row({migration::timestamp(entry.at), entry.state ? "migration" : entry.action,
                           std::string(entry.state ? migration::to_string(*entry.state)
                                                   : migration::to_string(entry.event)),
                           entry.reason});
        }
        text += table.render();
    }
    return text;
}

std::string render_migration_plan(migration::MigrationPlan const& plan, OutputFormat format) {
    auto const& relocation = plan.relocation;
    if (format == OutputFormat::Json) {
        return line_of({{"relocation", migration::to_json(relocation)},
                        {"shard_sites", plan.shard_sites},
                        {"shard_capacity", plan.shard_capacity}});
    }
    auto text = fmt::format("{} at {}\n  from  {}\n  to    {}\n", relocation.tenant,
                            relocation.host, where(relocation.from), where(relocation.to));
    for (auto const& alias : relocation.aliases) text += "  also  " + alias + "\n";
    text +=
        fmt::format("the shard has {} of {} sites\nsteps:", plan.shard_sites, plan.shard_capacity);
    for (auto const step : migration::kAllSteps) {
        text += fmt::format(" {}", migration::to_string(step));
    }
    return text + "\nnothing was changed\n";
}

}  // namespace aipress::cli
