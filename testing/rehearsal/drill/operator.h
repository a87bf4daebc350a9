// The binary under test as its operator has it: commands in a terminal, with a sandbox for Google.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/subprocess.h"
#include "poc/google.h"
#include "testing/rehearsal/drill/options.h"

namespace aipress::drill {

using Words = std::vector<std::string>;  // of a command line

// Thread safe once the sandbox is up. Takes the sandbox down with it.
class Operator {
public:
    explicit Operator(Options const& options) : options_(options) {}
    ~Operator();

    // The sandbox with the PoC's tenants and an empty shard. Errors: Aborted with what failed.
    [[nodiscard]] Result<void> set_up(Context const& context);
    // Returns when nothing of it runs any more.
    [[nodiscard]] Result<void> take_down(Context const& context);

    // What `--format json` printed, however the command ended. Errors: Aborted with its last words
    // when it printed no object.
    struct Answer {
        ExitStatus status;
        boost::json::object json = {};
    };
    [[nodiscard]] Result<Answer> ask(Context const& context, Words const& arguments) const;
    // stderr to `log` + ".err", stdout to `log` + ".out", in the folder of logs.
    [[nodiscard]] Result<Process> start(Words const& arguments, std::string const& log) const;

    [[nodiscard]] std::filesystem::path state() const { return options_.folder / "state"; }
    [[nodiscard]] std::filesystem::path logs() const { return options_.folder / "logs"; }
    [[nodiscard]] poc::Ports ports() const { return ports_; }
    // Of AIPRESS_SITES_ADDRESS and the like; "" when it is not set.
    [[nodiscard]] std::string variable(std::string_view name) const;

private:
    [[nodiscard]] std::filesystem::path data() const { return options_.folder / "sandbox"; }
    [[nodiscard]] Result<boost::json::object> wait_for_sandbox(Context const& context);
    [[nodiscard]] ProcessOptions command(Words const& arguments) const;

    Options const& options_;
    std::vector<std::pair<std::string, std::string>> environment_;
    poc::Ports ports_;
    std::optional<Process> sandbox_;
};

}  // namespace aipress::drill
