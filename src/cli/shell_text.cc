#include "cli/shell_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

#include "cli/arguments.h"

namespace aipress::cli {

std::string without_password(std::string_view url) {
    constexpr std::string_view kScheme = "mysql://";
    if (!url.starts_with(kScheme)) return "mysql://…";
    auto const authority_end = url.find_first_of("/?", kScheme.size());
    auto const at = url.substr(0, authority_end).rfind('@');
    auto const colon = url.find(':', kScheme.size());
    if (at == std::string_view::npos || colon >= at) return std::string(url);
    return fmt::format("{}{}", url.substr(0, colon), url.substr(at));
}

std::string shell_quoted(std::string_view text) {
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (!text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos) {
        return std::string(text);
    }
    std::string quoted = "'";
    for (char const c : text) {
        if (c == '\'') {
            quoted += R"('\'')";
        } else {
            quoted += c;
        }
    }
    return quoted + "'";
}

std::string bash_completion() {
    std::map<std::string, std::string> verbs;  // by group
    std::string cases;
    std::string alone;  // commands without a group
    std::string alone_names;
    for (auto const& command : command_words()) {
        if (command.name.empty()) {
            alone += fmt::format("            *:{}) words=\"{}\" ;;\n", command.group,
                                 fmt::join(command.options, " "));
            alone_names += command.group + " ";
            continue;
        }
        auto& of_group = verbs[command.group];
        of_group += (of_group.empty() ? "" : " ") + command.name;
        cases += fmt::format("            {}:{}) words=\"{}\" ;;\n", command.group, command.name,
                             fmt::join(command.options, " "));
    }
    auto groups = alone_names;
    auto group_cases = alone;
    for (auto const& [group, names] : verbs) {
        groups += group + " ";
        group_cases += fmt::format("            2:{}) words=\"{}\" ;;\n", group, names);
    }
    return fmt::format(R"(# aipress completion bash > /etc/bash_completion.d/aipress
_aipress() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" words=""
    case "${{COMP_WORDS[COMP_CWORD-1]}}" in
        --journal|--data|--out) COMPREPLY=($(compgen -f -- "$word")); return ;;
        --switch) words="now when-ready manual" ;;
        --reverse) words="keep none" ;;
        --format) words="table json" ;;
        --operations) words="instant realistic" ;;
        --for) words="{3}" ;;
        *) case "$COMP_CWORD:${{COMP_WORDS[1]}}" in
            1:*) words="{0}completion --help --version" ;;
{1}            2:completion) words="bash" ;;
            *) case "${{COMP_WORDS[1]}}:${{COMP_WORDS[2]}}" in
{2}            esac ;;
        esac ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _aipress aipress
)",
                       groups, group_cases, cases, fmt::join(kSandboxClients, " "));
}

}  // namespace aipress::cli
