// aipress-rehearse on little: a fleet of three, and of one whose ledger is made to disagree; and
// the mover alone, with stand-ins that show that it can tell a good mover from a bad one.
#include <boost/json/parse.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <unistd.h>

#include "base/subprocess.h"
#include "testing/status_matchers.h"
#include "testing/temporary_directory.h"

namespace aipress {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr milliseconds kRehearsalTimeout{180'000};
constexpr milliseconds kStopTimeout{30'000};

std::string from_environment(char const* name) {
    char const* value = std::getenv(name);
    return value ? value : "";
}

std::string read_text(std::filesystem::path const& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

class Rehearsal : public ::testing::Test {
protected:
    void SetUp() override {
        if (!std::filesystem::exists("/usr/share/wordpress/wp-includes/version.php"))
            GTEST_SKIP() << "Debian's package wordpress is not installed";
        auto made = testing::TemporaryDirectory::make();
        ASSERT_TRUE(made.ok()) << made.error().message();
        directory_.emplace(made.release());
        std::filesystem::create_directory(scratch());
    }

    // Where the rehearsal makes its own folder.
    [[nodiscard]] std::filesystem::path scratch() const { return directory_->path() / "scratch"; }

    [[nodiscard]] ProcessOptions command(std::vector<std::string> arguments) const {
        ProcessOptions options;
        auto const binary = std::filesystem::path(from_environment("AIPRESS_BINARY"));
        options.arguments = {binary.parent_path() / "aipress-rehearse"};
        options.environment = {{"TMPDIR", scratch().string()}};
        options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
        return options;
    }
    // The mover alone.
    [[nodiscard]] ProcessOptions databases(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), {"--databases", "--small"});
        return command(std::move(arguments));
    }
    [[nodiscard]] ProcessOptions fleet(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(),
                         {"--short", "--observe", "5s", "--report", report_folder().string()});
        return command(std::move(arguments));
    }
    [[nodiscard]] std::filesystem::path report_folder() const {
        return directory_->path() / "report";
    }
    [[nodiscard]] boost::json::value report() const {
        return boost::json::parse(read_text(report_folder() / "report.json"));
    }

    [[nodiscard]] ProcessResult rehearse(ProcessOptions const& options) {
        auto result = run_process(context_.within(kRehearsalTimeout), options);
        if (!result.ok()) ADD_FAILURE() << result.error().message();
        return result.ok() ? result.release() : ProcessResult{};
    }

    [[nodiscard]] ProcessOptions holding() const {
        auto options = databases({"--sites-only", "--hold"});
        options.error_file = directory_->path() / "stderr";
        return options;
    }
    // Until all sites are up.
    [[nodiscard]] Process hold_sites(ProcessOptions const& options) const {
        return start_until(options, "legacy stays at http://");
    }
    [[nodiscard]] Process start_until(ProcessOptions const& options,
                                      std::string const& said) const {
        auto process = testing::must(Process::start(options));
        auto const waiting = context_.within(kRehearsalTimeout);
        while (read_text(options.error_file).find(said) == std::string::npos) {
            if (process.poll() || !waiting.sleep(milliseconds(50))) {
                throw std::runtime_error(read_text(options.error_file));
            }
        }
        EXPECT_THAT(left_running(), Not(IsEmpty()));
        return process;
    }

    [[nodiscard]] static std::string naive_mover() {
        return from_environment("AIPRESS_SOURCE_DIR") + "/testing/rehearsal/naive_mover.sh";
    }

    // Does the process of this folder of /proc work below ours? Workers of nginx and php-fpm
    // rewrite their command line, and are known by their open files.
    [[nodiscard]] bool is_of_rehearsal(std::filesystem::path const& process) const {
        auto const folder = scratch().string();
        if (read_text(process / "cmdline").find(folder) != std::string::npos) return true;
        std::error_code gone;
        for (auto const& entry : std::filesystem::directory_iterator(process / "fd", gone)) {
            if (std::filesystem::read_symlink(entry, gone).string().starts_with(folder))
                return true;
        }
        return false;
    }
    // Command lines of such processes.
    [[nodiscard]] std::vector<std::string> left_running() const {
        std::vector<std::string> found;
        for (auto const& entry : std::filesystem::directory_iterator("/proc")) {
            if (entry.path().filename() == std::to_string(getpid())) continue;
            if (is_of_rehearsal(entry)) found.push_back(read_text(entry.path() / "cmdline"));
        }
        return found;
    }
    [[nodiscard]] std::vector<std::string> left_behind() const {
        std::vector<std::string> found;
        for (auto const& entry : std::filesystem::directory_iterator(scratch()))
            found.push_back(entry.path().filename());
        return found;
    }

    SystemClock clock_;
    Context context_{clock_, Deadline::never(), {}};
    std::optional<testing::TemporaryDirectory> directory_;
};

TEST_F(Rehearsal, MovesAFleetOfWhichOneFailsAndOneReturns) {
    auto const result = rehearse(fleet({"--tenants", "3"}));
    EXPECT_TRUE(result.status.success()) << result.status.describe() << "\n"
                                         << result.standard_error << result.standard_output;
    EXPECT_THAT(result.standard_output, HasSubstr("3 of 3 tenants as they should be"));
    auto const said = report();
    EXPECT_EQ(said.at("verdict"), "good");
    std::vector<std::string> states;
    for (auto const& tenant : said.at("tenants").as_array()) {
        states.emplace_back(tenant.at("state").as_string());
        EXPECT_GT(tenant.at("comments").to_number<int>(), 0) << tenant;
        EXPECT_GT(tenant.at("uploads").to_number<int>(), 0) << tenant;
        EXPECT_GE(tenant.at("fence_ms").to_number<int>(), 0) << tenant;
    }
    EXPECT_THAT(states, ElementsAre("moved", "rolled-back", "rolled-back"));
    EXPECT_THAT(read_text(report_folder() / "report.html"), HasSubstr("</html>"));
    EXPECT_THAT(left_running(), IsEmpty());
    EXPECT_THAT(left_behind(), IsEmpty());
}

TEST_F(Rehearsal, AFleetsMissingCommentsAndUploadsAreNoticed) {
    auto const result =
        rehearse(fleet({"--tenants", "1", "--sabotage", "invent-comment", "--sabotage",
                        "invent-upload", "--sabotage", "delete-comment"}));
    EXPECT_EQ(result.status.code, 1) << result.standard_error;
    EXPECT_THAT(result.standard_output, HasSubstr("comment 999999 is not in the database"));
    EXPECT_THAT(result.standard_output, HasSubstr("0 of 1 tenants as they should be"));
    auto const said = report();
    EXPECT_EQ(said.at("verdict"), "failed");
    auto const& tenant = said.at("tenants").at(0);
    EXPECT_EQ(tenant.at("state"), "moved");
    EXPECT_EQ(tenant.at("missing_comments").to_number<int>(), 2);
    EXPECT_EQ(tenant.at("missing_uploads").to_number<int>(), 1);
    EXPECT_THAT(left_running(), IsEmpty());
}

TEST_F(Rehearsal, CtrlCTakesAFleetDown) {
    auto options = fleet({"--tenants", "2"});
    options.error_file = directory_->path() / "stderr";
    auto process = start_until(options, "tenant-001: begins");
    EXPECT_THAT(left_running(), Contains(HasSubstr("mariadbd")));
    process.send_signal(SIGINT);
    auto const status = process.wait(context_.within(kStopTimeout));
    ASSERT_TRUE(status.ok()) << status.error().message();
    EXPECT_EQ(status->code, 1) << read_text(options.error_file);
    EXPECT_THAT(left_running(), IsEmpty());
    EXPECT_THAT(left_behind(), IsEmpty());
}

TEST_F(Rehearsal, KilledItLeavesNoSandboxBehind) {
    auto options = fleet({"--tenants", "1"});
    options.error_file = directory_->path() / "stderr";
    auto process = start_until(options, "tenant-001: begins");
    EXPECT_THAT(left_running(), Contains(HasSubstr("mariadbd")));
    ::kill(process.pid(), SIGKILL);
    auto const waiting = context_.within(kStopTimeout);
    while (!left_running().empty() && waiting.sleep(milliseconds(20))) {
    }
    EXPECT_THAT(left_running(), IsEmpty());
}

TEST_F(Rehearsal, MovesThreeLiveSitesAndOneOfThemBack) {
    auto const result = rehearse(databases({}));
    EXPECT_TRUE(result.status.success()) << result.status.describe() << "\n"
                                         << result.standard_error << result.standard_output;
    EXPECT_THAT(result.standard_output, HasSubstr("good, rolled_back"));
    EXPECT_THAT(result.standard_output, HasSubstr("good, finalized"));
    EXPECT_THAT(left_running(), IsEmpty());
    EXPECT_THAT(left_behind(), IsEmpty());
}

TEST_F(Rehearsal, BelievesAMoverThatShutsTheSiteMeanwhile) {
    auto const result = rehearse(databases({"--aipress", naive_mover()}));
    EXPECT_TRUE(result.status.success()) << result.status.describe() << "\n"
                                         << result.standard_error << result.standard_output;
    EXPECT_THAT(result.standard_output, Not(HasSubstr("FAILED")));
    EXPECT_THAT(left_running(), IsEmpty());
    EXPECT_THAT(left_behind(), IsEmpty());
}

TEST_F(Rehearsal, CatchesAMoverThatLosesComments) {
    auto options = databases({"--aipress", naive_mover()});
    options.environment.emplace_back("NAIVE_MOVER_FENCE", "open");
    auto const result = rehearse(options);
    EXPECT_EQ(result.status.code, 1) << result.standard_error;
    EXPECT_THAT(result.standard_output, HasSubstr("FAILED, finalized"));
    EXPECT_THAT(result.standard_output, HasSubstr("missing in wp_comments"));
    EXPECT_THAT(result.standard_error, HasSubstr("logs kept in"));
    EXPECT_THAT(left_running(), IsEmpty());
}

TEST_F(Rehearsal, AMoverThatFailsIsQuoted) {
    auto const result = rehearse(databases({"--aipress", "/bin/false"}));
    EXPECT_EQ(result.status.code, 1);
    EXPECT_THAT(result.standard_error, HasSubstr("aipress database move: exit code 1"));
    EXPECT_THAT(left_running(), IsEmpty());
}

TEST_F(Rehearsal, CtrlCTakesEverythingDown) {
    auto const options = holding();
    auto process = hold_sites(options);
    process.send_signal(SIGINT);
    auto const status = process.wait(context_.within(kStopTimeout));
    ASSERT_TRUE(status.ok()) << status.error().message();
    EXPECT_TRUE(status->success()) << status->describe() << read_text(options.error_file);
    EXPECT_THAT(left_running(), IsEmpty());
    EXPECT_THAT(left_behind(), IsEmpty());
}

TEST_F(Rehearsal, KilledItLeavesNoServersBehind) {
    auto const options = holding();
    auto process = hold_sites(options);
    EXPECT_THAT(left_running(), Contains(HasSubstr("mariadbd")));
    EXPECT_THAT(left_running(), Contains(HasSubstr("nginx: worker")));
    EXPECT_THAT(left_running(), Contains(HasSubstr("php-fpm: pool")));

    ::kill(process.pid(), SIGKILL);
    auto const waiting = context_.within(kStopTimeout);
    while (!left_running().empty() && waiting.sleep(milliseconds(20))) {
    }
    EXPECT_THAT(left_running(), IsEmpty());
}

}  // namespace
}  // namespace aipress
