#include "testing/rehearsal/arguments.h"

#include <charconv>
#include <getopt.h>
#include <string_view>

namespace aipress::rehearsal {
namespace {

constexpr char const* kUsage =
    "Usage: aipress-rehearse --databases [OPTION]...\n"
    "Moves three live WordPress sites between two database servers, and one of them back.\n\n"
    "  --small          little data, for the test suite\n"
    "  --sites-only     sites and visitors, without a move\n"
    "  --hold           leave the sites up at the end, until Ctrl-C\n"
    "  --keep           keep the folder with all logs\n"
    "  --seed NUMBER    of the content and the visitors (default 1)\n"
    "  --aipress FILE   the binary to rehearse with (default: the one beside this program)\n"
    "  --php FOLDER     the sites' PHP files\n"
    "Exit code 0 only if nothing was lost and every move ended as it should.\n";

constexpr option kOptions[] = {
    {"small", no_argument, nullptr, 's'},
    {"sites-only", no_argument, nullptr, 'o'},
    {"hold", no_argument, nullptr, 'h'},
    {"keep", no_argument, nullptr, 'k'},
    {"seed", required_argument, nullptr, 'r'},
    {"aipress", required_argument, nullptr, 'a'},
    {"php", required_argument, nullptr, 'p'},
    {"help", no_argument, nullptr, 'H'},
    {nullptr, 0, nullptr, 0},
};

UsageExit wrong_usage(std::string const& fault) {
    return {2, fault + "\n" + kUsage};
}

bool parse_seed(std::string_view text, std::uint64_t& seed) {
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
    return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::variant<Arguments, UsageExit> parse_arguments(int argc, char** argv,
                                                   std::filesystem::path const& php_folder) {
    Arguments arguments;
    auto& rehearsal = arguments.rehearsal;
    rehearsal.aipress = std::filesystem::path(argv[0]).replace_filename("aipress");
    rehearsal.stage.php_folder = php_folder;
    optind = 0;  // from the start, also the second time in a process
    opterr = 0;
    for (int found = 0; (found = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
        switch (found) {
            case 's':
                rehearsal.stage.scale = Scale::Small;
                break;
            case 'o':
                rehearsal.scope = Scope::SitesOnly;
                break;
            case 'h':
                rehearsal.ending = Ending::Hold;
                break;
            case 'k':
                arguments.log_folder = LogFolder::Keep;
                break;
            case 'r':
                if (!parse_seed(optarg, rehearsal.stage.seed))
                    return wrong_usage("--seed: expected a number");
                break;
            case 'a':
                rehearsal.aipress = optarg;
                break;
            case 'p':
                rehearsal.stage.php_folder = optarg;
                break;
            case 'H':
                return UsageExit{0, kUsage};
            default:
                return wrong_usage("unknown or incomplete option");
        }
    }
    if (optind < argc) return wrong_usage(std::string("unexpected argument: ") + argv[optind]);
    return arguments;
}

}  // namespace aipress::rehearsal
