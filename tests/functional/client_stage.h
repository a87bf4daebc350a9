// One of Google's clients beside a sandbox, as an operator uses them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "testing/sandbox_process.h"
#include "testing/temporary_directory.h"

namespace aipress::functional {

[[nodiscard]] bool is_installed(char const* program);

struct ClientOutput {
    int code = 0;
    std::string text;  // both streams
};

// Not thread safe. What cannot be had throws, which GoogleTest reports.
class ClientStage {
public:
    // How gcloud is pointed at the sandbox.
    explicit ClientStage(sandbox::ClientMode mode) : mode_(mode) {}

    ClientOutput run(std::vector<std::string> arguments, testing::Environment const& environment);
    // Words separated by blanks. Returns what it prints; a failure is the test's.
    std::string gcloud(std::string const& words);
    ClientOutput gcloud_output(std::string const& words);
    // gcloud's own settings from here on, over those of the sandbox.
    void set_gcloud(std::string const& name, std::string const& value);

    // A file beside the client; its path.
    std::string write(std::string const& name, std::string const& text);
    [[nodiscard]] std::string read(std::string const& name) const;
    [[nodiscard]] std::filesystem::path folder() const { return folder_.path(); }

    // Fails the test when a client has asked for a method that is not served.
    void expect_all_served() const;

    [[nodiscard]] testing::SandboxProcess const& sandbox() const { return sandbox_; }

private:
    sandbox::ClientMode mode_;
    testing::SandboxProcess sandbox_;
    testing::TemporaryDirectory folder_ = testing::TemporaryDirectory::make().release();
    testing::Environment more_;
};

}  // namespace aipress::functional
