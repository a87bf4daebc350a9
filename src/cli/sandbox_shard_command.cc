#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/sandbox_commands.h"
#include "cli/shell_text.h"
#include "poc/shard.h"

namespace aipress::cli {
namespace {

namespace json = boost::json;

std::string render_json(poc::ShardSummary const& shard) {
    return json::serialize(json::object{{"project", shard.project},
                                        {"capacity", shard.capacity},
                                        {"instance", shard.instance},
                                        {"address", shard.address},
                                        {"bucket", shard.bucket},
                                        {"ingress", shard.ingress},
                                        {"requests", shard.requests},
                                        {"took_ms", shard.took.count()}}) +
           "\n";
}

std::string render_text(poc::ShardSummary const& shard) {
    return fmt::format(
        "shard     {}, for {} sites\ninstance  {} ({})\nbucket    {}\ningress   {}\n",
        shard.project, shard.capacity, shard.instance, shard.address, shard.bucket, shard.ingress);
}

std::string what_next(Error const& error, SandboxArguments const& arguments) {
    if (error.code() == ErrorCode::NotFound) return next_command("seed-poc", arguments);
    if (error.code() == ErrorCode::FailedPrecondition) return "";
    // The same again: it goes on where it was.
    return next_command(
        fmt::format("seed-shard --shard {} --capacity {} --tier {}", arguments.shard.shard,
                    arguments.shard.capacity, shell_quoted(arguments.shard.tier)),
        arguments);
}

}  // namespace

int run_seed_shard(SandboxArguments const& arguments, Environment& environment) {
    auto const ports = find_ports(arguments);
    if (!ports.ok()) return fail(ports.error(), next_command("up", arguments));
    auto options = arguments.shard;
    options.ports = ports.value();
    Context const context(environment.clock, Deadline::never(), environment.stop);
    auto const made = poc::seed_shard(context, options);
    if (!made.ok()) return fail(made.error(), what_next(made.error(), arguments));
    print_data(arguments.format == OutputFormat::Json ? render_json(made.value())
                                                      : render_text(made.value()));
    return 0;
}

}  // namespace aipress::cli
