#include "recorded_traffic.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <fmt/format.h>
#include <regex>
#include <set>

namespace aipress::integration {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// Those that the server names, not the client.
std::set<std::string, std::less<>> const kServersNames{"operationID", "folderID", "managedZoneId"};
// Bodies have this name without its variable.
constexpr std::string_view kFixed = "datasetID";

boost::json::value parse_json(std::string_view text) {
    boost::system::error_code failure;
    auto value = json::parse(text, failure);
    return failure ? json::value() : value;
}

std::string_view take_line(std::string_view& text) {
    auto const end = std::min(text.find('\n'), text.size());
    auto const line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

// Behind the headers, up to a line that begins a reply; or the end.
std::string take_body(std::string_view& text, bool is_request) {
    while (!text.empty() && !take_line(text).empty()) continue;
    static std::regex const status(R"(\d{3} [A-Z][A-Za-z ]*)");
    std::string body;
    while (!text.empty()) {
        auto rest = text;
        auto const line = take_line(rest);
        if (is_request && std::regex_match(line.begin(), line.end(), status)) break;
        body += std::string(line) + "\n";
        text = rest;
    }
    return body;
}

std::optional<RecordedExchange> parse_exchange(std::string_view text) {
    while (!text.empty() && text.front() == '\n') text.remove_prefix(1);
    static std::regex const request(R"((GET|POST|PUT|PATCH|DELETE) https://([^/]+)(/\S*))");
    std::cmatch found;
    auto const line = take_line(text);
    if (!std::regex_match(line.data(), line.data() + line.size(), found, request)) return {};
    RecordedExchange exchange{.verb = found[1], .host = found[2], .path = found[3]};
    auto const body = take_body(text, true);
    exchange.body = body.substr(0, body.find_last_not_of('\n') + 1);
    auto const status = std::string(take_line(text));
    if (status.size() < 3) return {};
    exchange.status = std::stoi(status);
    exchange.reply = parse_json(take_body(text, false));
    return exchange;
}

char const* kind_name(json::value const& value) {
    switch (value.kind()) {
        case json::kind::null:
            return "null";
        case json::kind::bool_:
            return "a boolean";
        case json::kind::string:
            return "a string";
        case json::kind::array:
            return "a list";
        case json::kind::object:
            return "an object";
        default:
            return "a number";
    }
}

// What a client may rely on in a string.
char const* format_name(std::string const& text) {
    static std::regex const time(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))");
    static std::regex const number(R"(-?\d+)");
    if (std::regex_match(text, time)) return "a time";
    if (std::regex_match(text, number)) return "a number in quotes";
    if (text.starts_with("https://")) return "a URL";
    return "any text";
}

// The first item; of objects, whose order is nobody's concern, all that any of them has.
json::value merged(json::array const& items) {
    if (!items[0].is_object()) return items[0];
    json::object all;
    for (auto const& item : items) {
        if (!item.is_object()) continue;
        for (auto const& field : item.get_object()) all.emplace(field.key(), field.value());
    }
    return all;
}

void compare(std::string const& path, json::value const& recorded, json::value const& reply,
             std::set<std::string>& found) {
    if (std::string_view(kind_name(recorded)) != kind_name(reply)) {
        found.insert(
            fmt::format("{}: is {}, recorded was {}", path, kind_name(reply), kind_name(recorded)));
    } else if (recorded.is_string()) {
        auto const was = std::string(recorded.get_string());
        auto const is = std::string(reply.get_string());
        // What a variable stands for may be anything.
        if (was.find("${") != was.npos && !was.starts_with("https://")) return;
        static std::regex const blotted("0{4,}|1{4,}");  // an id, in the recordings
        if (std::regex_match(was, blotted)) return;
        if (std::string_view(format_name(was)) != format_name(is)) {
            found.insert(
                fmt::format("{}: is {}, recorded was {}", path, format_name(is), format_name(was)));
        }
    } else if (recorded.is_array()) {
        auto const& was = recorded.get_array();
        auto const& is = reply.get_array();
        if (!was.empty() && is.empty()) found.insert(fmt::format("{}: is empty", path));
        if (!was.empty() && !is.empty()) compare(path + "[]", merged(was), merged(is), found);
    } else if (recorded.is_object()) {
        for (auto const& field : recorded.get_object()) {
            auto const name = (path.empty() ? "" : path + ".") + std::string(field.key());
            auto const* const is = reply.get_object().if_contains(field.key());
            if (is == nullptr) {
                found.insert(name + ": is missing");
            } else {
                compare(name, field.value(), *is, found);
            }
        }
    }
}

// "operations/${operationID}" and "operations/op-7" say that operationID is "op-7".
void learn_from(std::string const& recorded, std::string const& reply,
                std::map<std::string, std::string>& values) {
    for (auto const& name : kServersNames) {
        auto const variable = "${" + name + "}";
        auto const at = recorded.find(variable);
        if (at == recorded.npos) continue;
        // What is in front may have other variables: the value is a whole segment of the path.
        auto const is_last = at + variable.size() == recorded.size();
        if (!is_last) continue;
        auto const slash = at == 0 ? std::string::npos : reply.rfind('/');
        values[name] = slash == std::string::npos ? reply : reply.substr(slash + 1);
    }
}

void learn_all(json::value const& recorded, json::value const& reply,
               std::map<std::string, std::string>& values) {
    if (recorded.is_string() && reply.is_string()) {
        learn_from(std::string(recorded.get_string()), std::string(reply.get_string()), values);
    } else if (recorded.is_object() && reply.is_object()) {
        for (auto const& field : recorded.get_object()) {
            // A folder's parent is another folder, of the same variable.
            if (field.key() == "parent") continue;
            auto const* const other = reply.get_object().if_contains(field.key());
            if (other != nullptr) learn_all(field.value(), *other, values);
        }
    } else if (recorded.is_array() && reply.is_array()) {
        for (std::size_t i = 0; i < std::min(recorded.get_array().size(), reply.get_array().size());
             ++i) {
            learn_all(recorded.get_array()[i], reply.get_array()[i], values);
        }
    }
}

}  // namespace

std::string without_preconditions(std::string const& body) {
    auto value = parse_json(body);
    if (!value.is_object()) return body;
    value.get_object().erase("etag");
    value.get_object().erase("fingerprint");
    value.get_object().erase("labelFingerprint");
    value.get_object().erase("expirationTime");
    if (auto* const settings = value.get_object().if_contains("settings")) {
        settings->as_object().erase("settingsVersion");
    }
    return json::serialize(value);
}

bool is_done(json::value const& operation) {
    if (!operation.is_object()) return false;
    auto const* const done = operation.get_object().if_contains("done");
    auto const* const status = operation.get_object().if_contains("status");
    return (done != nullptr && *done == true) || (status != nullptr && *status == "DONE");
}

std::vector<RecordedExchange> parse_recording(std::string_view text) {
    constexpr std::string_view kBetween = "\n---\n";
    std::vector<RecordedExchange> all;
    while (!text.empty()) {
        auto const end = std::min(text.find(kBetween), text.size());
        if (auto exchange = parse_exchange(text.substr(0, end)))
            all.push_back(std::move(*exchange));
        text.remove_prefix(std::min(end + kBetween.size(), text.size()));
    }
    return all;
}

std::string Variables::replace(std::string_view text) {
    std::string replaced;
    for (;;) {
        auto const at = text.find("${");
        replaced += text.substr(0, at);
        if (at == text.npos) return replaced;
        auto const end = text.find('}', at);
        auto const name = std::string(text.substr(at + 2, end - at - 2));
        auto value = values_.find(name);
        if (value == values_.end()) {
            value = values_.emplace(name, fmt::format("replay{}", ++made_)).first;
        }
        replaced += value->second;
        text.remove_prefix(end + 1);
    }
}

void Variables::renew_last(std::string_view path) {
    path = path.substr(0, path.find('?'));
    auto const at = path.rfind("/${");
    if (at == path.npos || !path.ends_with('}') || path.find('}', at) + 1 != path.size()) return;
    auto const name = std::string(path.substr(at + 3, path.size() - at - 4));
    if (name != kFixed && !kServersNames.contains(name))
        values_[name] = fmt::format("replay{}", ++made_);
}

void Variables::learn(json::value const& recorded, json::value const& reply) {
    learn_all(recorded, reply, values_);
}

std::vector<std::string> differences(json::value const& recorded, json::value const& reply) {
    std::set<std::string> found;
    compare("", recorded, reply, found);
    return {found.begin(), found.end()};
}

std::optional<fs::path> recordings_folder() {
    auto const* const told = std::getenv("AIPRESS_SHARED_DIR");
    auto const* const source = std::getenv("AIPRESS_SOURCE_DIR");
    auto const shared = told != nullptr
                            ? fs::path(told)
                            : fs::absolute(source == nullptr ? "." : source) / "../shared";
    auto folder = shared / "fixtures/gcp-recorded";
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored)) return std::nullopt;
    return folder;
}

}  // namespace aipress::integration
