#include "testing/rehearsal/drill/drill.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <fstream>

#include "testing/rehearsal/drill/aftermath.h"
#include "testing/rehearsal/drill/names.h"
#include "testing/rehearsal/drill/report.h"

namespace aipress::drill {
namespace {

constexpr std::size_t kReturns = 3;  // the fourth tenant, where there are so many
constexpr std::size_t kFails = 6;    // the seventh

Journeys make_journeys(Options const& options) {
    Journeys journeys;
    for (unsigned number = 1; number <= options.tenants; ++number) {
        auto journey = std::make_unique<Journey>();
        journey->tenant = poc::make_tenant(options.seed, number);
        journeys.push_back(std::move(journey));
    }
    // With fewer of them it is the last, and the last but one.
    auto const last = journeys.size() - 1;
    if (last >= 1) journeys[std::min(kFails, last)]->fate = Fate::FailsAndReturns;
    if (last >= 2) journeys[std::min(kReturns, last - 1)]->fate = Fate::ReturnsByHand;
    return journeys;
}

Result<void> let_guests_in(Context const& context, Operator const& by, Journeys& journeys) {
    auto const dns = TRY(dns::parse_server(by.variable("AIPRESS_DNS_ADDRESS")));
    for (auto const& journey : journeys) {
        GuestOptions options;
        options.tenant = journey->tenant;
        options.sites = by.variable("AIPRESS_SITES_ADDRESS");
        options.dns = dns;
        for (auto const& other : journeys)
            if (other->tenant.title != journey->tenant.title)
                options.other_titles.push_back(other->tenant.title);
        journey->guests =
            TRY(Guests::invite(context, std::move(options), journey->visits, journey->ledger));
    }
    return {};
}

Result<std::int64_t> take_inventory(Context const& context, Options const& options,
                                    Operator const& by) {
    auto const file = (options.folder / "inventory.json").string();
    auto process =
        TRY(by.start({"inventory", "--project", std::string(poc::kProject), "--state-bucket",
                      std::string(poc::kStateBucket), "--format", "json", "--out", file},
                     "inventory"));
    auto const status = TRY(process.wait(context));
    if (!status.success())
        return Error(ErrorCode::Aborted, "aipress inventory: " + status.describe());
    std::ifstream stream(file, std::ios::binary);
    std::string const text{std::istreambuf_iterator<char>(stream), {}};
    std::int64_t found = 0;
    for (unsigned number = 1; number <= options.tenants; ++number)
        if (text.find(poc::make_tenant(options.seed, number).host()) != std::string::npos) ++found;
    return found;
}

Result<void> write_file(std::filesystem::path const& file, std::string const& text) {
    std::ofstream stream(file, std::ios::binary | std::ios::trunc);
    stream << text;
    stream.close();
    if (stream) return {};
    return Error(ErrorCode::Unavailable, "cannot write " + file.string());
}

Result<void> publish(Options const& options, Report const& report) {
    TRY(write_file(options.report / "report.json", boost::json::serialize(json_of(report)) + "\n"));
    TRY(write_file(options.report / "report.html", page_of(report)));
    return {};
}

// From the visitors' coming to their going.
Result<Visiting> live_through(Context const& context, Options const& options, Operator const& by,
                              Journeys& journeys, Say const& say) {
    TRY(let_guests_in(context, by, journeys));
    Visiting visiting{.from = context.clock().now()};
    say("visitors are in");
    context.sleep(options.quiet);
    visiting.first_began = context.clock().now();
    migrate_all(context, options, by, journeys, say);
    visiting.last_ended = context.clock().now();
    context.sleep(options.quiet);
    visiting.to = context.clock().now();
    for (auto const& journey : journeys) journey->guests->send_home();
    if (context.stopped()) return Error(ErrorCode::Cancelled, "stopped");
    say("visitors have gone home");
    return visiting;
}

}  // namespace

Result<bool> carry_out(Context const& context, Options const& options, Say const& say) {
    Report report{.seed = options.seed, .began_at = context.clock().wall_now()};
    auto const began = context.clock().now();
    std::error_code fault;
    std::filesystem::create_directories(options.report, fault);
    if (fault)
        return Error(ErrorCode::Unavailable,
                     fmt::format("{}: {}", options.report.string(), fault.message()));
    Operator by(options);
    say(fmt::format("a sandbox with {} tenants and a shard is made", options.tenants));
    TRY(by.set_up(context));
    report.inventory_tenants = TRY(take_inventory(context, options, by));
    if (report.inventory_tenants != options.tenants)
        report.faults.push_back(fmt::format("the inventory has {} tenants of {}",
                                            report.inventory_tenants, options.tenants));

    auto journeys = make_journeys(options);
    auto const visiting = TRY(live_through(context, options, by, journeys, say));
    say("asking DNS, databases and sites what is true");
    for (auto const& journey : journeys) {
        auto const done = look_at(context, options, by, *journey);
        if (!done.ok()) journey->faults.push_back(done.error().message());
        report.tenants.push_back(judge(*journey, visiting));
    }
    report.took_ms = elapsed_ms(began, context.clock().now()).count();
    TRY(publish(options, report));
    report.secrets_found =
        TRY(find_secrets(context, by, journeys, {by.state(), by.logs(), options.report}));
    auto const down = by.take_down(context);
    if (!down.ok()) report.faults.push_back(down.error().message());
    report.took_ms = elapsed_ms(began, context.clock().now()).count();
    TRY(publish(options, report));
    fmt::print("{}", table_of(report));
    fmt::print("report: {}\n", (options.report / "report.html").string());
    return report.is_good();
}

}  // namespace aipress::drill
