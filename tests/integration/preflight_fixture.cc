#include "tests/integration/preflight_fixture.h"

#include "base/subprocess.h"

namespace aipress::mover {

using ::testing::AllOf;
using ::testing::Contains;
using testing::DatabaseServer;
using ::testing::Field;
using ::testing::HasSubstr;
using FindingsMatcher = ::testing::Matcher<std::vector<Finding>>;

void PrintTo(Finding const& finding, std::ostream* out) {
    *out << '\n'
         << fmt::format("{} {} {} {}: {} [{}]", to_string(finding.severity), finding.side,
                        finding.code, finding.object, finding.message, finding.fix);
}

Context test_context() {
    static SystemClock clock;
    return {clock, Deadline::after(clock, milliseconds(120'000)), std::stop_token()};
}

MoveOptions options_between(mysql::Endpoint source, mysql::Endpoint target) {
    MoveOptions options;
    options.source = std::move(source);
    options.target = std::move(target);
    return options;
}

PreflightReport run(MoveOptions const& options, TargetContent content) {
    auto source = mysql::Connection::open(test_context(), options.source, {.use_database = false});
    auto target = mysql::Connection::open(test_context(), options.target, {.use_database = false});
    EXPECT_TRUE(source.ok()) << (source.ok() ? "" : source.error().message());
    EXPECT_TRUE(target.ok()) << (target.ok() ? "" : target.error().message());
    auto report = preflight(test_context(), *source, *target, options, content);
    EXPECT_TRUE(report.ok()) << (report.ok() ? "" : report.error().message());
    return report.release();
}

FindingsMatcher found(Severity severity, std::string const& side, std::string const& code,
                      std::string const& object) {
    return Contains(AllOf(Field(&Finding::severity, severity), Field(&Finding::side, side),
                          Field(&Finding::code, code), Field(&Finding::object, object)));
}
FindingsMatcher fault(std::string const& side, std::string const& code, std::string const& object) {
    return found(Severity::Fault, side, code, object);
}
FindingsMatcher degraded(std::string const& side, std::string const& code,
                         std::string const& object) {
    return found(Severity::Degraded, side, code, object);
}
FindingsMatcher notice(std::string const& side, std::string const& code,
                       std::string const& object) {
    return found(Severity::Notice, side, code, object);
}

// All definitions and grants of a server, as its own dump tool says them.
std::string dump(DatabaseServer const& server) {
    auto const root = server.root();
    auto result =
        run_process(test_context(),
                    {.arguments = {"mariadb-dump", "--no-defaults", "--protocol=tcp",
                                   "--host=127.0.0.1", fmt::format("--port={}", root.port),
                                   "--user=" + root.user, "--password=" + root.password,
                                   "--all-databases", "--system=users", "--routines", "--triggers",
                                   "--events", "--skip-dump-date", "--skip-extended-insert"},
                     .capture_limit = 64u << 20});
    EXPECT_TRUE(result.ok());
    EXPECT_TRUE(result->status.success()) << result->standard_error;
    EXPECT_THAT(result->standard_output, HasSubstr("CREATE TABLE"));
    return result->standard_output;
}

}  // namespace aipress::mover
