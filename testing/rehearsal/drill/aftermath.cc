#include "testing/rehearsal/drill/aftermath.h"

#include <algorithm>
#include <ctime>
#include <fmt/format.h>
#include <map>

#include "dns/query.h"
#include "http/base64.h"
#include "json/fields.h"
#include "mysql/connection.h"
#include "testing/rehearsal/child.h"
#include "testing/rehearsal/drill/browser.h"
#include "testing/rehearsal/drill/names.h"

namespace aipress::drill {
namespace {

namespace bj = boost::json;

constexpr std::size_t kExamples = 5;
constexpr std::size_t kSecretLeast = 8;  // letters: shorter ones are found everywhere

Result<std::string> secret_value(poc::Google& google, std::string_view project,
                                 std::string_view secret) {
    auto const answer = TRY(
        google.get(fmt::format("secretmanager.googleapis.com/v1/projects/{}/secrets/{}/versions/"
                               "latest:access",
                               project, secret)));
    auto value = http::decode_base64(poc::text_at(answer, "/payload/data"));
    if (!value) return Error(ErrorCode::DataLoss, fmt::format("{}: no base64", secret));
    return std::move(*value);
}

Result<mysql::Endpoint> database_of(poc::Google& google, Journey const& journey) {
    bool const is_in_shard = journey.fate == Fate::Moves;
    auto const& tenant = journey.tenant;
    std::string const project = is_in_shard ? kShard : std::string(poc::kProject);
    auto const instance =
        TRY(google.get(fmt::format("sqladmin.googleapis.com/v1/projects/{}/instances/{}", project,
                                   is_in_shard ? kShardInstance : tenant.instance())));
    mysql::Endpoint endpoint;
    endpoint.host = poc::text_at(instance, "/ipAddresses/0/ipAddress");
    endpoint.user = is_in_shard ? tenant.name : std::string(poc::kDatabase);
    endpoint.database = endpoint.user;
    endpoint.password = TRY(secret_value(google, project, tenant.database_secret()));
    return endpoint;
}

using Texts = std::map<std::uint64_t, std::string>;

Result<Texts> texts(Context const& context, mysql::Connection& database, std::string_view sql) {
    auto const found = TRY(database.query(context, sql));
    Texts result;
    for (auto const& row : found.rows)
        result.emplace(std::stoull(row[0].value_or("0")), row[1].value_or(""));
    return result;
}

void miss(Writes& writes, std::size_t& count, std::string example) {
    ++count;
    if (writes.examples.size() < kExamples) writes.examples.push_back(std::move(example));
}

// A ledger that is wrong, or a database that has lost something.
Result<void> spoil(Context const& context, Sabotage sabotage, mysql::Connection& database,
                   Journey& journey) {
    switch (sabotage) {
        case Sabotage::InventComment:
            journey.ledger.add(AcceptedComment{.id = 999'999, .text = "Nobody wrote this."});
            return {};
        case Sabotage::InventUpload:
            journey.ledger.add(AcceptedUpload{
                .id = 999'999, .target = "/wp-content/uploads/nobody.txt", .bytes = "nothing"});
            return {};
        case Sabotage::DeleteComment:
            TRY(database.execute(context,
                                 fmt::format("DELETE FROM wp_comments WHERE comment_ID = {}",
                                             journey.ledger.comments().at(0).id)));
            return {};
    }
    return {};
}

Result<void> check_writes(Context const& context, Options const& options, Operator const& by,
                          Journey& journey) {
    poc::Google google(context, by.ports());
    auto database = TRY(mysql::Connection::open(context, TRY(database_of(google, journey))));
    if (journey.tenant.number == 1)
        for (auto const sabotage : options.sabotage)
            TRY(spoil(context, sabotage, database, journey));
    auto const comments =
        TRY(texts(context, database, "SELECT comment_ID, comment_content FROM wp_comments"));
    auto const media = TRY(texts(
        context, database, "SELECT ID, post_title FROM wp_posts WHERE post_type = 'attachment'"));

    auto& writes = journey.writes;
    for (auto const& comment : journey.ledger.comments()) {
        ++writes.comments;
        auto const found = comments.find(comment.id);
        if (found == comments.end() || found->second != comment.text)
            miss(writes, writes.missing_comments,
                 fmt::format("comment {} is not in the database", comment.id));
    }
    Browser browser(by.variable("AIPRESS_SITES_ADDRESS"), journey.tenant.host());
    for (auto const& upload : journey.ledger.uploads()) {
        ++writes.uploads;
        auto const page = browser.get(context, upload.target);
        if (page.status != 200 || page.body != upload.bytes) {
            miss(writes, writes.missing_uploads,
                 fmt::format("{} is not served as it was uploaded: status {}", upload.target,
                             page.status));
        } else if (!media.contains(upload.id)) {
            miss(writes, writes.missing_uploads,
                 fmt::format("upload {} is not in the database", upload.id));
        }
    }
    return {};
}

// Where visitors are sent: by DNS, and by Cloud Run's mapping of the host.
Result<void> check_place(Context const& context, Operator const& by, Journey& journey) {
    bool const is_in_shard = journey.fate == Fate::Moves;
    auto const host = journey.tenant.host();
    auto const server = TRY(dns::parse_server(by.variable("AIPRESS_DNS_ADDRESS")));
    auto const answer = TRY(dns::ask(context, server, {.name = host + ".", .type = "CNAME"}));
    std::string const wanted = is_in_shard ? kShardAlias : std::string(poc::kRunTarget);
    if (answer.set.data != std::vector{wanted})
        journey.faults.push_back(
            fmt::format("DNS says \"{}\", not {}", dns::describe(answer.set), wanted));
    poc::Google google(context, by.ports());
    auto const mapping =
        TRY(google.find(fmt::format("run.googleapis.com/apis/domains.cloudrun.com/v1/namespaces/{}/"
                                    "domainmappings/{}",
                                    kShard, host)));
    if (mapping.has_value() != is_in_shard)
        journey.faults.emplace_back(is_in_shard ? "the shard does not serve its host"
                                                : "the shard still serves its host");
    auto const state = is_in_shard ? "moved" : "rolled-back";
    if (journey.told.state != state)
        journey.faults.push_back(
            fmt::format("its migration is \"{}\", not \"{}\"", journey.told.state, state));
    return {};
}

WallTime parse_time(std::string const& text) {
    std::tm parts{};
    if (strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) return {};
    return std::chrono::system_clock::from_time_t(timegm(&parts));
}

std::string text_of(bj::object const& object, std::string_view member) {
    auto const* const found = object.if_contains(member);
    return found && found->is_string() ? std::string(found->as_string()) : "";
}

// How long writes were held at the switch: also of a migration that was undone since.
void read_fence(bj::object const& entry, Told& told) {
    bj::value const whole(entry);
    boost::system::error_code absent;
    auto const* const fence = whole.find_pointer("/facts/fence_ms", absent);
    if (fence && fence->is_int64() && text_of(entry, "event") == "done")
        told.fence_ms = fence->as_int64();
}

// The steps as the journal has them; what was undone is one stretch of its own.
Result<void> read_history(Context const& context, Operator const& by, Journey& journey) {
    auto const state = by.state().string();
    auto const& name = journey.tenant.name;
    auto const history = TRY(by.ask(context, {"tenant", "history", name, "--state", state}));
    bj::value const whole(history.json);
    boost::system::error_code absent;
    auto const* const entries = whole.find_pointer("/migrations/0/entries", absent);
    if (!entries || !entries->is_array()) return {};
    for (auto const& entry : entries->as_array()) {
        auto const action = text_of(entry.as_object(), "action");
        auto const event = text_of(entry.as_object(), "event");
        read_fence(entry.as_object(), journey.told);
        auto const slash = action.find('/');
        if (slash == std::string::npos) continue;
        bool const is_undone = event.starts_with("und");
        bool const is_wait = action == "routing/wait";
        auto const step = is_undone ? "rollback" : is_wait ? "waiting" : action.substr(0, slash);
        auto const at = parse_time(text_of(entry.as_object(), "at"));
        auto& steps = journey.told.steps;
        auto const found = std::find_if(steps.begin(), steps.end(), [&](Stretch const& stretch) {
            return stretch.step == step;
        });
        if (found == steps.end()) {
            steps.push_back({step, at, at});
        } else {
            found->ended = at;
        }
    }
    return {};
}

Result<std::map<std::string, std::string>> known_secrets(Context const& context, Operator const& by,
                                                         Journeys const& journeys) {
    std::map<std::string, std::string> known;
    for (auto const& journey : journeys) {
        auto const& tenant = journey->tenant;
        known[tenant.database_secret()] = tenant.database_password();
        known[tenant.administrator_secret()] = tenant.administrator_password();
        for (auto const& session : tenant.session_secrets()) known[session.secret] = session.value;
    }
    poc::Google google(context, by.ports());
    for (auto const project : {poc::kProject, std::string_view(kShard)}) {
        auto const list = TRY(google.get(fmt::format(
            "secretmanager.googleapis.com/v1/projects/{}/secrets?pageSize=1000", project)));
        auto const* const secrets = list.as_object().if_contains("secrets");
        if (!secrets || !secrets->is_array()) continue;  // there are none
        for (auto const& secret : secrets->as_array()) {
            auto const path = poc::text_at(secret, "/name");
            auto const name = path.substr(path.rfind('/') + 1);
            auto value = secret_value(google, project, name);
            if (value.ok())
                known[fmt::format("{}/{}", project, name)] =
                    value.value();  // else it has no version
        }
    }
    return known;
}

}  // namespace

Result<void> look_at(Context const& context, Options const& options, Operator const& by,
                     Journey& journey) {
    if (!journey.trouble.empty()) journey.faults.push_back(journey.trouble);
    TRY(read_history(context, by, journey));
    TRY(check_place(context, by, journey));
    TRY(check_writes(context, options, by, journey));
    return {};
}

Result<std::vector<std::string>> find_secrets(Context const& context, Operator const& by,
                                              Journeys const& journeys,
                                              std::vector<std::filesystem::path> const& folders) {
    auto const known = TRY(known_secrets(context, by, journeys));
    std::vector<std::string> found;
    for (auto const& folder : folders) {
        if (!std::filesystem::exists(folder)) continue;
        for (auto const& entry : std::filesystem::recursive_directory_iterator(folder)) {
            if (!entry.is_regular_file()) continue;
            auto const text = rehearsal::read_text(entry.path());
            for (auto const& [name, value] : known) {
                if (value.size() < kSecretLeast || text.find(value) == std::string::npos) continue;
                found.push_back(fmt::format("{} has the value of {}", entry.path().string(), name));
            }
        }
    }
    return found;
}

}  // namespace aipress::drill
