// Wiring only.
#include <cstdio>

#include "base/log.h"
#include "cli/command_line.h"
#include "signals.h"
#include "test_probe.h"

int main(int argc, char** argv) {
    aipress::log::configure(aipress::log::Level::Warning, aipress::log::Format::Text);
    auto const probe = aipress::probe_from_environment();
    if (!probe.ok()) {
        std::fprintf(stderr, "error: %s\n", probe.error().message().c_str());
        return 2;
    }
    aipress::SystemClock clock;
    aipress::StopOnSignals const signals;
    return aipress::cli::run(argc, argv, {clock, *probe.value(), signals.token()});
}
