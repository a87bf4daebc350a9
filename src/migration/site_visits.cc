#include "migration/site_visits.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "gcp/fields.h"
#include "json/fields.h"
#include "migration/site_json.h"
#include "migration/sql_accounts.h"
#include "mysql/connection.h"
#include "sites/options.h"

namespace aipress::migration {
namespace {

namespace json = boost::json;

constexpr char const* kTablePrefix = "wp_";
constexpr std::size_t kBaselineRounds = 8;
constexpr milliseconds kBaselinePause{50};
constexpr unsigned kValidations = 3;
constexpr milliseconds kBetweenValidations{1'000};
// While there is no verdict: three times the wanted window, and this at least.
constexpr unsigned kLongestWindow = 3;
constexpr milliseconds kLongestLeast{300'000};

std::string failures_of(sites::Validation const& validation) {
    std::vector<std::string> all;
    for (auto const& check : validation.failed()) {
        all.push_back(
            fmt::format("{}: expected {}, found {}", check.name, check.expected, check.actual));
    }
    return fmt::format("by {}: {}", validation.vantage_point, fmt::join(all, "; "));
}

json::object object_at(json::object const& facts, std::string_view field) {
    auto const* const found = gcp::object_of(facts, field);
    return found == nullptr ? json::object() : *found;
}

json::array texts(std::vector<std::string> const& all) {
    json::array array;
    for (auto const& text : all) array.emplace_back(text);
    return array;
}

json::object to_json(sites::OptionsReport const& options) {
    return {{"site_url", options.site_url},
            {"home", options.home},
            {"active_plugins", texts(options.active_plugins)},
            {"broken", options.broken}};
}

sites::OptionsReport options_report_of(json::object const& object) {
    sites::OptionsReport options;
    options.site_url = gcp::text_of(object, "site_url");
    options.home = gcp::text_of(object, "home");
    for (auto const& plugin : gcp::array_of(object, "active_plugins")) {
        options.active_plugins.emplace_back(plugin.as_string());
    }
    options.broken = static_cast<std::uint64_t>(gcp::integer_of(object, "broken").value_or(0));
    return options;
}

json::object latencies_json(std::vector<sites::WaySamples> const& ways,
                            sites::SitePlan const& plan) {
    json::object all;
    for (auto const& way : ways) {
        json::object pages;
        for (auto const& page : plan.pages) {
            json::array latencies;
            for (auto const ms : way.latencies(page.kind)) latencies.emplace_back(ms);
            pages[sites::to_string(page.kind)] = std::move(latencies);
        }
        all[way.name] = std::move(pages);
    }
    return all;
}

// As far as they are there.
std::vector<sites::WaySamples> latencies_of(json::object const& object,
                                            sites::SitePlan const& plan) {
    std::vector<sites::WaySamples> ways;
    for (auto const& [name, pages] : object) {
        if (!pages.is_object()) continue;
        sites::WaySamples way{.name = std::string(name)};
        for (auto const& page : plan.pages) {
            auto const kind = sites::to_string(page.kind);
            for (auto const& ms : gcp::array_of(pages.get_object(), kind)) {
                way.samples.push_back({.kind = page.kind,
                                       .latency_ms = ms.to_number<double>(),
                                       .status = page.status});
            }
        }
        ways.push_back(std::move(way));
    }
    return ways;
}

}  // namespace

Result<sites::VantagePoint> SiteVisits::visitors() const {
    return sites::make_vantage_point("visitors", "https://" + work_.relocation.host,
                                     work_.surroundings.sites_address);
}

Result<sites::VantagePoint> SiteVisits::service(Context const& context, fleet::Home const& home,
                                                std::string const& name) const {
    auto const service = TRY(work_.cloud.run.get_service(
        context, {.project = home.project, .location = home.region, .service = home.service}));
    return sites::make_vantage_point(name, gcp::text_of(service, "uri"),
                                     work_.surroundings.sites_address);
}

Result<std::optional<sites::Login>> SiteVisits::administrator(Context const& context) const {
    if (work_.options.administrator.empty()) return std::optional<sites::Login>();
    auto const password = TRY(work_.cloud.secrets.access_version(
        context,
        {.project = work_.relocation.from.project, .secret = work_.options.administrator_secret},
        "latest"));
    return std::optional(
        sites::Login{.user = work_.options.administrator, .password = password.reveal()});
}

Result<sites::OptionsReport> SiteVisits::options_of(Context const& context,
                                                    fleet::Home const& home) const {
    auto connection =
        TRY(mysql::Connection::open(context, TRY(mover_endpoint(context, work_, home))));
    return sites::check_options(context, connection, kTablePrefix);
}

Action SiteVisits::baseline() {
    return {.name = "validate/baseline",
            .act = [this](Context const& context, Facts const&) -> Result<Facts> {
                auto const way = TRY(visitors());
                sites::Visitor visitor(way);
                auto const plan = TRY(sites::plan_site(context, visitor, work_.relocation.host));
                auto const facts = TRY(sites::read_content_facts(context, visitor));
                auto const options = TRY(options_of(context, work_.relocation.from));
                if (auto const login = TRY(administrator(context))) {
                    session_ = TRY(sites::open_session(context, visitor, *login));
                }
                auto const old_service = TRY(service(context, work_.relocation.from, "service"));
                // Against itself: how far apart two samples of one and the same home are here.
                auto const before = TRY(
                    sites::take_baseline(context, plan, {way, old_service},
                                         {.rounds = kBaselineRounds, .interval = kBaselinePause}));
                return Facts{{"plan", migration::to_json(plan)},
                             {"facts", migration::to_json(facts)},
                             {"options", to_json(options)},
                             {"latencies_ms", latencies_json(before, plan)}};
            }};
}

Result<Facts> SiteVisits::validate(Context const& context) {
    auto const content = work_.journal.content();
    auto const baseline = content.facts("validate/baseline");
    bool const is_switched = content.is_done("routing/switch");
    sites::ValidationInput input;
    input.plan = TRY(site_plan_of(object_at(baseline, "plan")));
    input.before = TRY(content_facts_of(object_at(baseline, "facts")));
    // WordPress's cookies are the host's: logging in goes by the host's name.
    auto const login = TRY(administrator(context));
    Facts facts;
    std::vector<std::string> wrong;
    auto const look = [&](sites::VantagePoint const& way) -> Result<void> {
        sites::Visitor visitor(way);
        auto const seen = TRY(sites::validate(context, visitor, input));
        facts[way.name] = sites::to_json(seen);
        if (!seen.passed()) wrong.push_back(failures_of(seen));
        return {};
    };
    auto const& home = is_switched ? work_.relocation.to : work_.relocation.from;
    TRY(look(TRY(service(context, home, "service"))));
    input.administrator = login;
    input.open_session = session_;
    TRY(look(TRY(visitors())));
    auto const options = TRY(options_of(context, home));
    for (auto const& difference :
         sites::compare_options(options_report_of(object_at(baseline, "options")), options)) {
        wrong.push_back("wp_options: " + difference);
    }
    facts["options"] = std::int64_t(options.options);
    if (wrong.empty()) return facts;
    return Error(ErrorCode::DataLoss,
                 fmt::format("the site is not what it was: {}", fmt::join(wrong, "; ")));
}

Action SiteVisits::check_new_home() {
    return {.name = "routing/check",
            .act = [this](Context const& context, Facts const&) -> Result<Facts> {
                // One connection that breaks is no reason to go back; what stays wrong is.
                for (unsigned i = 1;; ++i) {
                    auto seen = validate(context);
                    if (seen.ok() || i == kValidations) return seen;
                    work_.say("routing: looking again: " + seen.error().message());
                    if (!context.sleep(kBetweenValidations)) return seen;
                }
            }};
}

Action SiteVisits::watch(std::function<void(Context const&)> between) {
    return {
        .name = "observe/watch",
        .act = [this, between = std::move(between)](Context const& context,
                                                    Facts const&) -> Result<Facts> {
            auto const baseline = work_.journal.content().facts("validate/baseline");
            sites::Subject subject{.plan = TRY(site_plan_of(object_at(baseline, "plan")))};
            subject.now = {TRY(visitors()), TRY(service(context, work_.relocation.to, "service"))};
            subject.baseline = {TRY(service(context, work_.relocation.from, "service"))};
            subject.before = latencies_of(object_at(baseline, "latencies_ms"), subject.plan);
            sites::ObserveOptions const options{
                .window = work_.options.observe_for,
                .window_most = std::max(work_.options.observe_for * kLongestWindow, kLongestLeast),
                .interval = work_.options.observe_every,
                .mode = work_.options.strict ? fleet::RollbackMode::Strict
                                             : fleet::RollbackMode::Statistical};
            auto const seen =
                TRY(sites::observe(context, subject, options, [&](sites::RoundSeen const& round) {
                    between(context);
                    for (auto const& trouble : round.troubles) work_.say("observe: " + trouble);
                }));
            auto facts = sites::to_json(seen);
            auto const& verdict = seen.verdict;
            if (verdict.outcome == fleet::Outcome::Pass) return facts;
            auto const code =
                verdict.outcome == fleet::Outcome::Fail
                    ? (seen.mismatches.empty() ? ErrorCode::Aborted : ErrorCode::DataLoss)
                    : ErrorCode::FailedPrecondition;
            return Error(code, fmt::format("the verdict is {}: {}", to_string(verdict.outcome),
                                           verdict.reason));
        }};
}

Result<void> SiteVisits::check_old_home(Context const& context) {
    auto const baseline = work_.journal.content().facts("validate/baseline");
    sites::Visitor visitor(TRY(visitors()));
    // Before its pages were known nothing of it had been changed.
    if (baseline.empty()) {
        TRY(sites::plan_site(context, visitor, work_.relocation.host));
        return {};
    }
    auto const plan = TRY(site_plan_of(object_at(baseline, "plan")));
    auto const round = TRY(sites::probe(context, visitor, plan));
    if (round.is_good()) return {};
    std::string troubles;
    for (auto const& page : round.pages) {
        if (!page.is_good()) {
            troubles += fmt::format(" {}: {};", sites::to_string(page.kind), page.what);
        }
    }
    return Error(ErrorCode::FailedPrecondition, "the old home's site is not well:" + troubles);
}

}  // namespace aipress::migration
