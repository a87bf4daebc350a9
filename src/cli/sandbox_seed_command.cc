#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/sandbox_commands.h"
#include "cli/table.h"
#include "poc/seed.h"
#include "sandbox/data_folder.h"
#include "sandbox/sandbox.h"

namespace aipress::cli {
namespace {

namespace json = boost::json;

// The same again: it goes on where it was.
std::string same_command(SandboxArguments const& arguments) {
    bool const is_records = arguments.poc.scope == poc::Scope::RecordsOnly;
    return next_command(fmt::format("seed-poc --tenants {}{} --seed {}", arguments.poc.tenants,
                                    is_records ? " --metadata-only" : "", arguments.poc.seed),
                        arguments);
}

std::string render_json(poc::SeedSummary const& summary) {
    json::array sites;
    for (auto const& site : summary.sites) {
        sites.push_back(json::object{{"tenant", site.tenant},
                                     {"class", site.traffic},
                                     {"kind", site.kind},
                                     {"url", site.url},
                                     {"bytes", site.bytes},
                                     {"objects", site.objects},
                                     {"posts", site.posts}});
    }
    return json::serialize(json::object{{"project", poc::kProject},
                                        {"tenants", summary.tenants},
                                        {"requests", summary.requests},
                                        {"took_ms", summary.took.count()},
                                        {"sites", std::move(sites)}}) +
           "\n";
}

std::string render_table(poc::SeedSummary const& summary, std::uint16_t sites_port) {
    std::string text;
    if (!summary.sites.empty()) {
        Table table({{"tenant"},
                     {"class"},
                     {"kind"},
                     {"url"},
                     {"uploads", Align::Right},
                     {"objects", Align::Right},
                     {"posts", Align::Right}});
        for (auto const& site : summary.sites) {
            table.add_row({site.tenant, site.traffic, site.kind, site.url, format_bytes(site.bytes),
                           format_count(site.objects), format_count(site.posts)});
        }
        text = table.render();
        auto const& first = summary.sites.front();
        text += fmt::format("next: curl --connect-to '::127.0.0.1:{}' {}\n", sites_port, first.url);
    }
    auto const seconds = static_cast<double>(summary.took.count()) / 1000;
    return text + fmt::format("{} tenants of {}: {} requests in {:.1f} s\n",
                              format_count(summary.tenants), poc::kProject,
                              format_count(summary.requests), seconds);
}

}  // namespace

Result<poc::Ports> find_ports(SandboxArguments const& arguments) {
    auto const running = TRY(sandbox::find_running(arguments.data));
    if (!running || running->port == 0) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("no sandbox runs on {}", arguments.data.string()));
    }
    return poc::Ports{.apis = running->port, .sites = running->web_port};
}

int run_seed_poc(SandboxArguments const& arguments, Environment& environment) {
    auto const ports = find_ports(arguments);
    if (!ports.ok()) return fail(ports.error(), next_command("up", arguments));
    bool const is_sites = arguments.poc.scope == poc::Scope::Sites;
    if (is_sites && ports.value().sites == 0) {
        return fail(Error(ErrorCode::FailedPrecondition,
                          "this sandbox serves no sites: nginx, php-fpm or wordpress is not "
                          "installed"),
                    "tools/setup rehearse");
    }
    auto options = arguments.poc;
    options.ports = ports.value();
    Context const context(environment.clock, Deadline::never(), environment.stop);
    auto const seeded = poc::seed_poc(context, options, [](std::string_view line) {
        write_to_stderr(fmt::format("seed-poc: {}\n", line));
    });
    if (!seeded.ok()) {
        bool const is_other = seeded.error().code() == ErrorCode::FailedPrecondition;
        return fail(seeded.error(), is_other ? "" : same_command(arguments));
    }
    // The first site has made the web server start, on another port when somebody had taken it.
    auto const now = find_ports(arguments);
    auto const sites = now.ok() ? now.value().sites : options.ports.sites;
    print_data(arguments.format == OutputFormat::Json ? render_json(seeded.value())
                                                      : render_table(seeded.value(), sites));
    return 0;
}

}  // namespace aipress::cli
