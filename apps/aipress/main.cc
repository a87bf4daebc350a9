// Wiring only.
#include "cli/command_line.h"

int main(int argc, char** argv) {
    aipress::SystemClock clock;
    aipress::NoProbe probe;
    return aipress::cli::run(argc, argv, {clock, probe, {}});
}
