#include "cli/arguments.h"

#include <cstdlib>
#include <fstream>
#include <gmock/gmock.h>

#include "cli/argument_values.h"
#include "cli/shell_text.h"
#include "migration/pooler_entry.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"

namespace aipress::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char const* kSource = "mysql://wp:s3cret@db1:3306/wp";
constexpr char const* kTarget = "mysql://wp:s3cret@db2/wp";

Command parse(std::vector<std::string> words) {
    words.insert(words.begin(), "aipress");
    std::vector<char const*> argv;
    for (auto const& word : words) argv.push_back(word.c_str());
    return parse_arguments(static_cast<int>(argv.size()), argv.data());
}

std::vector<std::string> move_with(std::vector<std::string> const& more) {
    std::vector<std::string> words{"database", "move",  "--source",  kSource,
                                   "--target", kTarget, "--journal", "wp.journal"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

DatabaseArguments accepted(std::vector<std::string> const& words) {
    auto parsed = parse(words);
    auto const* const exit = std::get_if<EarlyExit>(&parsed);
    EXPECT_EQ(exit, nullptr) << (exit == nullptr ? "" : exit->error);
    return exit == nullptr ? std::get<DatabaseArguments>(std::move(parsed)) : DatabaseArguments{};
}

// What is said about it; "accepted" if it was.
std::string refusal(std::vector<std::string> const& words) {
    auto const parsed = parse(words);
    auto const* const exit = std::get_if<EarlyExit>(&parsed);
    if (exit == nullptr) return "accepted";
    EXPECT_EQ(exit->code, 2);
    EXPECT_EQ(exit->output, "");
    EXPECT_THAT(exit->error, Not(HasSubstr("s3cret")));
    return exit->error;
}

TEST(ArgumentsTest, DefaultsOfAMove) {
    auto const arguments = accepted(move_with({}));
    EXPECT_EQ(arguments.verb, Verb::Move);
    EXPECT_EQ(arguments.journal, "wp.journal");
    EXPECT_EQ(arguments.options.source.display(), "wp@db1:3306/wp");
    EXPECT_EQ(arguments.options.source.password, "s3cret");
    EXPECT_EQ(arguments.options.target.display(), "wp@db2:3306/wp");
    EXPECT_FALSE(arguments.options.accounts.has_value());
    EXPECT_EQ(arguments.options.fence_budget, milliseconds(15'000));
    EXPECT_EQ(arguments.options.switch_when, mover::SwitchWhen::WhenReady);
    EXPECT_EQ(arguments.options.reverse, mover::ReverseMode::Keep);
    EXPECT_EQ(arguments.format, OutputFormat::Table);
}

TEST(ArgumentsTest, EveryOptionOfAMove) {
    auto const arguments = accepted(move_with({"--accounts",
                                               "wp@%,'a,b'@localhost",
                                               "--fence-budget",
                                               "500ms",
                                               "--workers",
                                               "8",
                                               "--max-source-load",
                                               "40",
                                               "--max-lag",
                                               "2m",
                                               "--switch",
                                               "manual",
                                               "--on-switch",
                                               "echo it's",
                                               "--reverse",
                                               "none",
                                               "--retry-for",
                                               "1h",
                                               "--format",
                                               "json",
                                               "--quiet"}));
    auto const& options = arguments.options;
    ASSERT_TRUE(options.accounts.has_value());
    EXPECT_THAT(*options.accounts,
                ElementsAre(mover::Account{"wp", "%"}, mover::Account{"a,b", "localhost"}));
    EXPECT_EQ(options.fence_budget, milliseconds(500));
    EXPECT_EQ(options.workers, 8u);
    EXPECT_EQ(options.max_source_load, 40u);
    EXPECT_EQ(options.max_lag, milliseconds(120'000));
    EXPECT_EQ(options.switch_when, mover::SwitchWhen::Manual);
    EXPECT_EQ(options.on_switch, "echo it's");
    EXPECT_EQ(options.reverse, mover::ReverseMode::None);
    EXPECT_EQ(options.retry_for, milliseconds(3'600'000));
    EXPECT_EQ(arguments.format, OutputFormat::Json);
    EXPECT_TRUE(arguments.quiet);
    EXPECT_EQ(arguments.move_options_text,
              "--source mysql://wp@db1:3306/wp --target mysql://wp@db2/wp "
              "--accounts 'wp@%,'\\''a,b'\\''@localhost' --fence-budget 500ms --workers 8 "
              "--max-source-load 40 --max-lag 2m --switch manual --on-switch 'echo it'\\''s' "
              "--reverse none --retry-for 1h");
}

TEST(ArgumentsTest, EachBadInputSaysWhatIsWrong) {
    EXPECT_THAT(refusal(move_with({"--fence-budget", "15"})),
                HasSubstr("--fence-budget: '15' is not a duration such as"));
    EXPECT_THAT(refusal(move_with({"--max-lag", "0s"})),
                HasSubstr("--max-lag: '0s' is not between"));
    EXPECT_THAT(refusal(move_with({"--retry-for", "ever"})), HasSubstr("--retry-for: 'ever'"));
    for (auto const* workers : {"0", "33", "x", "4x", "-1", "4.0"}) {
        EXPECT_THAT(
            refusal(move_with({"--workers", workers})),
            HasSubstr(std::string("--workers: '") + workers + "' is not a number from 1 to"))
            << workers;
    }
    EXPECT_THAT(refusal(move_with({"--max-source-load", "many"})),
                HasSubstr("--max-source-load: 'many' is not a number from 0 to"));
    EXPECT_THAT(refusal(move_with({"--switch", "later"})),
                HasSubstr("--switch: 'later' is none of now, when-ready, manual"));
    EXPECT_THAT(refusal(move_with({"--reverse", "maybe"})),
                HasSubstr("--reverse: 'maybe' is none of keep, none"));
    EXPECT_THAT(refusal(move_with({"--format", "xml"})),
                HasSubstr("--format: 'xml' is none of table, json"));
    EXPECT_THAT(refusal(move_with({"--accounts", "wp,,cron"})), HasSubstr("--accounts: "));
    EXPECT_THAT(refusal(move_with({"--no-such-flag"})), HasSubstr("--no-such-flag"));
    EXPECT_THAT(refusal(move_with({kSource})), HasSubstr("mysql://…"));
    EXPECT_THAT(refusal({"database", "move", "--source", kSource, "--target", kTarget}),
                HasSubstr("--journal is required"));
    EXPECT_THAT(refusal({"database", "move", "--source", kSource}),
                HasSubstr("--target is required"));
    EXPECT_THAT(refusal({"database", "move", "--source", "mysql://wp:s3cret@db1", "--target",
                         kTarget, "--journal", "j"}),
                HasSubstr("--source: the URL names no database: …db1:3306/DATABASE"));
    EXPECT_THAT(
        refusal({"database", "move", "--source", kSource, "--target", "db2", "--journal", "j"}),
        HasSubstr("--target: the URL does not begin with mysql://"));
    EXPECT_THAT(refusal({"database", "finalize", "--journal", "j"}),
                HasSubstr("type the database's name with --confirm DATABASE"));
    EXPECT_THAT(refusal({"database", "resume", "--journal", "j", "--source", kSource}),
                HasSubstr("--source and --target go together"));
    EXPECT_THAT(refusal({"database", "status"}), HasSubstr("--journal is required"));
    EXPECT_THAT(refusal({"database", "fly"}), HasSubstr("unknown command 'fly'"));
    EXPECT_THAT(refusal({"fly"}), HasSubstr("unknown command 'fly'"));
    for (auto const* option : {"--workers", "--on-switch", "--accounts"}) {
        EXPECT_THAT(refusal(move_with({option, ""})),
                    HasSubstr(std::string(option) + ": the value is empty"));
    }
    EXPECT_THAT(refusal({"database"}), HasSubstr("subcommand is required"));
    EXPECT_THAT(refusal({}), HasSubstr("subcommand is required"));
    EXPECT_THAT(refusal({"completion", "fish"}), HasSubstr("'fish' is none of bash"));
}

TEST(ArgumentsTest, ErrorsPointToTheHelpOfTheCommand) {
    EXPECT_THAT(refusal(move_with({"--workers", "x"})),
                HasSubstr("\nnext: aipress database move --help\n"));
    EXPECT_THAT(refusal({}), HasSubstr("\nnext: aipress --help\n"));
}

TEST(ArgumentsTest, PasswordsComeFromTheEnvironmentWhenTheUrlHasNone) {
    ::setenv("AIPRESS_SOURCE_PASSWORD", "from-environment", 1);
    auto const arguments =
        accepted({"database", "verify", "--source", "mysql://wp@db1/wp", "--target", kTarget});
    ::unsetenv("AIPRESS_SOURCE_PASSWORD");
    EXPECT_EQ(arguments.source->password, "from-environment");
    EXPECT_EQ(arguments.target->password, "s3cret");
}

TEST(ArgumentsTest, TheOtherVerbs) {
    EXPECT_EQ(accepted({"database", "status", "--journal", "j"}).verb, Verb::Status);
    EXPECT_FALSE(accepted({"database", "switch", "--journal", "j"}).source.has_value());
    auto const rollback =
        accepted({"database", "rollback", "--journal", "j", "--accept-loss", "wp"});
    EXPECT_EQ(rollback.verb, Verb::Rollback);
    EXPECT_EQ(rollback.accepted_loss, "wp");
    auto const finalize = accepted({"database", "finalize", "--journal", "j", "--confirm", "wp"});
    EXPECT_EQ(finalize.confirmed_database, "wp");
    EXPECT_TRUE(
        accepted({"database", "move", "--source", kSource, "--target", kTarget, "--dry-run"})
            .dry_run);
}

SandboxArguments sandbox_arguments(std::vector<std::string> const& words) {
    auto parsed = parse(words);
    auto const* const exit = std::get_if<EarlyExit>(&parsed);
    EXPECT_EQ(exit, nullptr) << (exit == nullptr ? "" : exit->error);
    return exit == nullptr ? std::get<SandboxArguments>(std::move(parsed)) : SandboxArguments{};
}

TEST(ArgumentsTest, TheSandboxsVerbs) {
    auto const up = sandbox_arguments({"sandbox", "up", "--data", "/d", "--port", "0",
                                       "--operations", "realistic", "--format", "json"});
    EXPECT_EQ(up.verb, SandboxVerb::Up);
    EXPECT_EQ(up.data, "/d");
    EXPECT_EQ(up.port, 0);
    EXPECT_EQ(up.operations, sandbox::OperationTiming::Realistic);
    EXPECT_EQ(up.format, OutputFormat::Json);
    ::setenv("XDG_STATE_HOME", "/state", 1);
    auto const usual = sandbox_arguments({"sandbox", "up"});
    ::unsetenv("XDG_STATE_HOME");
    EXPECT_EQ(usual.data, "/state/aipress/sandbox");
    EXPECT_EQ(usual.port, 8480);
    EXPECT_EQ(usual.operations, sandbox::OperationTiming::Instant);
    auto const env = sandbox_arguments({"sandbox", "env", "--for", "node", "--mode", "proxy"});
    EXPECT_EQ(env.client, sandbox::Client::Node);
    EXPECT_EQ(env.mode, sandbox::ClientMode::Proxy);
    EXPECT_EQ(sandbox_arguments({"sandbox", "requests", "--last", "5"}).last, 5u);
    auto const load = sandbox_arguments(
        {"sandbox", "snapshot", "load", "first", "--data", "/d", "--confirm", "d"});
    EXPECT_EQ(load.verb, SandboxVerb::Snapshot);
    EXPECT_EQ(load.snapshot_action, SnapshotAction::Load);
    EXPECT_EQ(load.snapshot, "first");
    EXPECT_EQ(load.confirmed, "d");
    EXPECT_EQ(load.data, "/d");
    EXPECT_FALSE(up.is_detached);
    EXPECT_FALSE(up.with_spanner);
    auto const detached = sandbox_arguments({"sandbox", "up", "--detach", "--spanner", "auto"});
    EXPECT_TRUE(detached.is_detached);
    EXPECT_TRUE(detached.with_spanner);
    EXPECT_THAT(detached.words, ElementsAre("sandbox", "up", "--detach", "--spanner", "auto"));
    EXPECT_THAT(refusal({"sandbox", "snapshot", "load", "first"}),
                HasSubstr("--confirm is required"));
    EXPECT_THAT(refusal({"sandbox", "snapshot", "save"}), HasSubstr("name is required"));
    EXPECT_THAT(refusal({"sandbox", "snapshot", "dance"}), HasSubstr("unknown command 'dance'"));
    EXPECT_THAT(refusal({"sandbox", "up", "--spanner", "on"}), HasSubstr("--spanner"));
    EXPECT_THAT(refusal({"sandbox", "up", "--port", "65536"}), HasSubstr("from 0 to 65535"));
    EXPECT_THAT(refusal({"sandbox", "up", "--operations", "x"}),
                HasSubstr("next: aipress sandbox up --help"));
    EXPECT_THAT(refusal({"sandbox", "env"}), HasSubstr("--for is required"));
    EXPECT_THAT(refusal({"sandbox", "reset"}), HasSubstr("--confirm is required"));
    EXPECT_THAT(refusal({"sandbox", "dance"}), HasSubstr("unknown command 'dance'"));
}

TEST(ArgumentsTest, HelpAndVersionAreNoErrors) {
    for (auto const& [words, text] : std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{"--version"}, "aipress "},
             {{"--help"}, "AIPRESS_SOURCE_PASSWORD"},
             {{"database", "move", "--help"}, "--fence-budget TIME"},
             {{"database", "finalize", "--help"}, "--confirm DATABASE"},
             {{"sandbox", "--help"}, "aipress sandbox env --for gcloud"},
             {{"sandbox", "up", "--help"}, "--port N"}}) {
        auto const parsed = parse(words);
        auto const& exit = std::get<EarlyExit>(parsed);
        EXPECT_EQ(exit.code, 0);
        EXPECT_EQ(exit.error, "");
        EXPECT_THAT(exit.output, HasSubstr(text));
    }
}

TEST(ArgumentsTest, InventoryTakesABucketByNameOrUrl) {
    for (auto const* const bucket : {"states", "gs://states", "gs://states/"}) {
        auto const parsed = parse({"inventory", "--project", "p", "--state-bucket", bucket,
                                   "--format", "json", "--out", "file"});
        auto const* const inventory = std::get_if<InventoryArguments>(&parsed);
        ASSERT_NE(inventory, nullptr) << bucket;
        EXPECT_EQ(inventory->project, "p");
        EXPECT_EQ(inventory->state_bucket, "states");
        EXPECT_EQ(inventory->format, OutputFormat::Json);
        EXPECT_EQ(inventory->out, "file");
    }
    auto const folder = parse({"inventory", "--project", "p", "--state-bucket", "gs://b/f"});
    ASSERT_NE(std::get_if<EarlyExit>(&folder), nullptr);
    EXPECT_THAT(std::get<EarlyExit>(folder).error, HasSubstr("--state-bucket"));
}

FleetArguments fleet_arguments(std::vector<std::string> const& words) {
    auto parsed = parse(words);
    auto const* const exit = std::get_if<EarlyExit>(&parsed);
    EXPECT_EQ(exit, nullptr) << (exit == nullptr ? "" : exit->error);
    return exit == nullptr ? std::get<FleetArguments>(std::move(parsed)) : FleetArguments{};
}

TEST(ArgumentsTest, TheFleetsVerbs) {
    ::unsetenv("AIPRESS_STORE");
    auto const simulate = fleet_arguments({"placement", "simulate", "--tenants", "7", "--shards",
                                           "2", "--seed", "9", "--spare", "5"});
    EXPECT_EQ(simulate.simulation.tenants, 7u);
    EXPECT_EQ(simulate.simulation.capacity, 50u);
    EXPECT_EQ(simulate.simulation.seed, 9u);
    EXPECT_EQ(simulate.simulation.spare_percent, 5u);
    auto const pin = fleet_arguments({"placement", "plan", "pin", "acme", "aipress-shard-003", "-o",
                                      "plan.json", "--store", "sqlite:f.db"});
    EXPECT_EQ(pin.order.kind, placement::PlanKind::Pin);
    EXPECT_EQ(pin.order.tenant, "acme");
    EXPECT_EQ(pin.order.shard, "aipress-shard-003");
    EXPECT_EQ(pin.out, "plan.json");
    ::setenv("AIPRESS_STORE", "sqlite:g.db", 1);
    auto const rebalance = fleet_arguments(
        {"placement", "plan", "rebalance", "--max-moves", "3", "--max-bytes", "5000000000"});
    EXPECT_EQ(rebalance.store, "sqlite:g.db");
    EXPECT_EQ(rebalance.order.limits.moves_most, 3u);
    EXPECT_EQ(rebalance.order.limits.bytes_most, 5'000'000'000u);
    EXPECT_EQ(fleet_arguments({"tenant", "import", "f"}).verb, FleetVerb::TenantImport);
    EXPECT_EQ(fleet_arguments({"shard", "import", "f"}).verb, FleetVerb::ShardImport);
    EXPECT_TRUE(fleet_arguments({"tenant", "route", "acme", "--at", "2026-11-30T00:00:00Z"}).at);
    EXPECT_THAT(refusal({"placement", "plan", "dance"}), HasSubstr("'dance' is no kind of plan"));
    EXPECT_THAT(refusal({"placement", "plan", "drain"}), HasSubstr("Its name is missing"));
    EXPECT_THAT(refusal({"placement", "plan", "rebalance", "x"}), HasSubstr("takes no name"));
    EXPECT_THAT(refusal({"placement", "plan", "drain", "x", "y"}), HasSubstr("only pin"));
    EXPECT_THAT(refusal({"placement", "place", "No Name"}), HasSubstr("no tenant's name"));
    EXPECT_THAT(refusal({"tenant", "route", "acme", "--at", "noon"}), HasSubstr("is no time"));
    EXPECT_THAT(refusal({"shard", "list", "postgres://ada:s3cret@db/fleet"}), HasSubstr("…"));
    ::unsetenv("AIPRESS_STORE");
    EXPECT_THAT(refusal({"shard", "list"}), HasSubstr("--store: missing"));
}

TEST(ShellTextTest, UrlsLoseTheirPasswordOnly) {
    EXPECT_EQ(without_password("mysql://u:p@h:1/d?tls=required"), "mysql://u@h:1/d?tls=required");
    EXPECT_EQ(without_password("mysql://u:p@ss:w@h/d"), "mysql://u@h/d");
    EXPECT_EQ(without_password("mysql://u@h:3306/d"), "mysql://u@h:3306/d");
    EXPECT_EQ(without_password("mysql://u@h/d?password-file=/a:b@c"),
              "mysql://u@h/d?password-file=/a:b@c");
    EXPECT_EQ(without_password("postgres://u:p@h/d"), "mysql://…");
}

TEST(ShellTextTest, Quoting) {
    EXPECT_EQ(shell_quoted("wp.journal"), "wp.journal");
    EXPECT_EQ(shell_quoted("a b"), "'a b'");
    EXPECT_EQ(shell_quoted("it's"), "'it'\\''s'");
    EXPECT_EQ(shell_quoted("$(x)"), "'$(x)'");
    EXPECT_EQ(shell_quoted(""), "''");
}

TEST(ShellTextTest, CompletionScriptIsBashAndCompletes) {
    auto const folder = aipress::testing::must(aipress::testing::TemporaryDirectory::make());
    auto const script = folder / "completion";
    std::ofstream(script) << bash_completion() << R"bash(
complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _aipress; echo "${COMPREPLY[*]}"; }
test "$(complete_words aipress da)" = "database" || exit 11
test "$(complete_words aipress database fi)" = "finalize" || exit 12
test "$(complete_words aipress database move --fence)" = "--fence-budget" || exit 13
test "$(complete_words aipress database move --switch m)" = "manual" || exit 14
test "$(complete_words aipress sandbox sta)" = "status" || exit 15
test "$(complete_words aipress sandbox env --fo)" = "--for" || exit 16
test "$(complete_words aipress sandbox env --for gs)" = "gsutil" || exit 17
test "$(complete_words aipress sandbox snapshot lo)" = "load" || exit 18
test "$(complete_words aipress inv)" = "inventory" || exit 19
test "$(complete_words aipress inventory --st)" = "--state-bucket" || exit 20
test "$(complete_words aipress inventory --project p --o)" = "--out" || exit 21
exit 0
)bash";
    EXPECT_EQ(std::system(("bash " + script.string()).c_str()), 0);
}

TEST(ArgumentValuesTest, CommasInQuotesBelongToTheName) {
    EXPECT_THAT(split_list("a,'b,c'@%,d"), ElementsAre("a", "'b,c'@%", "d"));
    EXPECT_THAT(split_list(""), ElementsAre(""));
}

TEST(ArgumentsTest, APoolersPasswordIsInNoArgument) {
    auto const with = [](std::string const& url) {
        return std::vector<std::string>{"tenant", "migrate", "tenant-001", "--pooler", url};
    };
    auto const parsed = parse(with("mysql://admin@10.0.0.9:6032"));
    ASSERT_TRUE(std::holds_alternative<TenantArguments>(parsed));
    auto const& options = std::get<TenantArguments>(parsed).options;
    EXPECT_EQ(options.pooler, "mysql://admin@10.0.0.9:6032");
    auto const again = testing::must(migration::options_of(migration::to_json(options)));
    EXPECT_EQ(testing::must(migration::pooler_of(again))->traffic_port, 6033);
    EXPECT_THAT(refusal(with("mysql://admin:s3cret@10.0.0.9:6032")),
                AllOf(HasSubstr("AIPRESS_POOLER_PASSWORD"), Not(HasSubstr("s3cret"))));
    EXPECT_THAT(refusal(with("10.0.0.9:6032")), HasSubstr("--pooler"));
    EXPECT_THAT(refusal({"tenant", "migrate", "tenant-001", "--pooler-address", "10.0.0.9:6033"}),
                HasSubstr("--pooler is missing"));
}

}  // namespace
}  // namespace aipress::cli
