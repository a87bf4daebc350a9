// Requests and replies recorded against the real Google APIs, and how a reply differs in shape from
// a recorded one. The recordings name what changed from run to run by variables: "${operationID}".
#pragma once

#include <boost/json/value.hpp>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aipress::integration {

struct RecordedExchange {
    std::string verb;
    std::string host;
    std::string path;  // with its query
    std::string body = {};
    int status = 0;
    boost::json::value reply = nullptr;  // null: none, or not JSON
};

// Format: "VERB URL", headers, an empty line, a body; "200 OK", headers, an empty line, a body;
// "---" between exchanges. What is not of it is left out.
[[nodiscard]] std::vector<RecordedExchange> parse_recording(std::string_view text);

// What the variables of one recording stand for in this replay.
class Variables {
public:
    explicit Variables(std::map<std::string, std::string> known) : values_(std::move(known)) {}

    // A variable that is not known yet gets a name of its own.
    [[nodiscard]] std::string replace(std::string_view text);
    // The variable at the end of a path means another resource from now on.
    void renew_last(std::string_view path);
    // Where the recorded reply has a variable, the reply to the replay has its value: that of what
    // the server names, such as operations.
    void learn(boost::json::value const& recorded, boost::json::value const& reply);

private:
    std::map<std::string, std::string> values_;
    unsigned made_ = 0;
};

// The recordings blot etags, fingerprints, versions and times out: a request without them.
[[nodiscard]] std::string without_preconditions(std::string const& body);

// Of a long-running operation, of any API.
[[nodiscard]] bool is_done(boost::json::value const& operation);

// "items[].selfLink: is missing", "error.code: is a string, recorded was a number": what a client
// of Google's would stumble over. Fields that only the reply has are none.
[[nodiscard]] std::vector<std::string> differences(boost::json::value const& recorded,
                                                   boost::json::value const& reply);

// The folder of the recordings; nullopt: they are not on this machine. $AIPRESS_SHARED_DIR, else
// `shared` beside the source tree.
[[nodiscard]] std::optional<std::filesystem::path> recordings_folder();

}  // namespace aipress::integration
