#include "testing/rehearsal/drill/arguments.h"

#include <charconv>
#include <getopt.h>
#include <optional>
#include <string_view>

namespace aipress::drill {
namespace {

using rehearsal::UsageExit;

constexpr unsigned kTenantsMost = 50;
constexpr milliseconds kShortQuiet{1'500};

constexpr char const* kUsage =
    "Usage: aipress-rehearse [OPTION]...\n"
    "Moves live WordPress sites from one project to a shard, in a sandbox; one fails and rolls\n"
    "back by itself, one is rolled back by hand.\n\n"
    "  --tenants NUMBER   1 to 50 (default 10)\n"
    "  --at-once NUMBER   tenants that are prepared at once (default 3)\n"
    "  --observe TIME     how long each is watched in its new home (default 15s)\n"
    "  --seed NUMBER      of the content and the visitors (default 1)\n"
    "  --short            less quiet before and after, for the test suite\n"
    "  --report FOLDER    where report.json and report.html go (default: rehearsal)\n"
    "  --keep             keep the folder with all logs\n"
    "  --aipress FILE     the binary to rehearse with (default: the one beside this program)\n"
    "  --sabotage WHAT    to show that it is noticed: invent-comment, invent-upload,\n"
    "                     delete-comment; more than one may be given\n"
    "  --databases ...    the mover alone: three databases between two servers\n"
    "Exit code 0 only if nothing was lost and every tenant is where it should be.\n";

constexpr option kOptions[] = {
    {"tenants", required_argument, nullptr, 't'},
    {"at-once", required_argument, nullptr, 'n'},
    {"observe", required_argument, nullptr, 'o'},
    {"seed", required_argument, nullptr, 's'},
    {"short", no_argument, nullptr, 'q'},
    {"report", required_argument, nullptr, 'r'},
    {"keep", no_argument, nullptr, 'k'},
    {"aipress", required_argument, nullptr, 'a'},
    {"sabotage", required_argument, nullptr, 'x'},
    {"help", no_argument, nullptr, 'h'},
    {nullptr, 0, nullptr, 0},
};

template <typename Number>
bool parse(std::string_view text, Number& number) {
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
}

std::optional<Sabotage> sabotage_of(std::string_view text) {
    if (text == "invent-comment") return Sabotage::InventComment;
    if (text == "invent-upload") return Sabotage::InventUpload;
    if (text == "delete-comment") return Sabotage::DeleteComment;
    return std::nullopt;
}

bool set_count(std::string_view text, unsigned& count) {
    return parse(text, count) && count >= 1 && count <= kTenantsMost;
}

// False: the value is none.
bool set(Arguments& arguments, int option, std::string const& value) {
    auto& options = arguments.options;
    switch (option) {
        case 't':
            return set_count(value, options.tenants);
        case 'n':
            return set_count(value, options.at_once);
        case 'o':
            options.observe = value;
            return true;
        case 's':
            return parse(value, options.seed);
        case 'q':
            options.quiet = kShortQuiet;
            return true;
        case 'r':
            options.report = value;
            return !value.empty();
        case 'k':
            arguments.log_folder = rehearsal::LogFolder::Keep;
            return true;
        case 'a':
            options.aipress = value;
            return true;
        case 'x': {
            auto const found = sabotage_of(value);
            if (found) options.sabotage.push_back(*found);
            return found.has_value();
        }
        default:
            return false;
    }
}

}  // namespace

std::variant<Arguments, UsageExit> parse_arguments(int argc, char** argv) {
    Arguments arguments;
    arguments.options.aipress = std::filesystem::path(argv[0]).replace_filename("aipress");
    optind = 0;  // from the start, also the second time in a process
    opterr = 0;
    for (int found = 0; (found = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
        if (found == 'h') return UsageExit{0, kUsage};
        if (found == '?')
            return UsageExit{2, std::string("unknown or incomplete option\n") + kUsage};
        std::string const value = optarg ? optarg : "";
        if (!set(arguments, found, value))
            return UsageExit{2, "\"" + value + "\" is no value of that option\n" + kUsage};
    }
    if (optind < argc)
        return UsageExit{2, std::string("unexpected argument: ") + argv[optind] + "\n" + kUsage};
    return arguments;
}

}  // namespace aipress::drill
