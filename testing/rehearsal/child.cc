#include "testing/rehearsal/child.h"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <unistd.h>

namespace aipress::rehearsal {
namespace {

constexpr milliseconds kGrace{5'000};

}  // namespace

Result<std::string> find_program(std::string const& name) {
    char const* path = std::getenv("PATH");
    std::istringstream folders(std::string(path ? path : "/usr/bin:/bin") + ":/usr/sbin:/sbin");
    for (std::string folder; std::getline(folders, folder, ':');) {
        auto candidate = folder.append("/").append(name);
        if (access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    return Error(ErrorCode::NotFound, name + " is not installed");
}

void stop_gently(Process& process, Clock& clock) {
    if (process.poll()) return;
    process.send_signal(SIGTERM);
    Context const context(clock, Deadline::after(clock, kGrace), {});
    if (!process.wait(context)) process.kill();
}

std::string read_text(std::filesystem::path const& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::string last_lines(std::string const& text, std::size_t count) {
    auto start = text.size();
    if (start > 0 && text.back() == '\n') --start;
    while (count-- > 0) {
        start = start == 0 ? std::string::npos : text.rfind('\n', start - 1);
        if (start == std::string::npos) return text;
    }
    return text.substr(start + 1);
}

}  // namespace aipress::rehearsal
