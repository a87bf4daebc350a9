#include "testing/rehearsal/drill/migration.h"

#include <algorithm>
#include <fmt/format.h>
#include <semaphore>
#include <thread>

#include "json/fields.h"
#include "testing/rehearsal/child.h"
#include "testing/rehearsal/drill/names.h"

namespace aipress::drill {
namespace {

constexpr milliseconds kLook{100};
constexpr milliseconds kOneTenant{400'000};
constexpr milliseconds kNewWritesTime{60'000};
constexpr unsigned kRunsMost = 6;
constexpr std::size_t kNewComments = 4;
constexpr std::size_t kNewUploads = 2;
constexpr std::ptrdiff_t kAtOnceMost = 100;
using Gate = std::counting_semaphore<kAtOnceMost>;

// A place among those that work hard, given up early when a tenant only waits.
class Place {
public:
    explicit Place(Gate& gate) : gate_(&gate) { gate_->acquire(); }
    Place(Place const&) = delete;
    Place& operator=(Place const&) = delete;
    ~Place() { leave(); }
    void leave() {
        if (gate_) gate_->release();
        gate_ = nullptr;
    }

private:
    Gate* gate_;
};

// Somebody gives the database's user in the shard another password: the new home has no database.
Result<void> break_new_home(Context const& context, Operator const& by, std::string const& tenant) {
    poc::Google google(context, by.ports());
    auto const project = fmt::format("sqladmin.googleapis.com/v1/projects/{}", kShard);
    auto const user =
        fmt::format("{}/instances/{}/users?name={}&host=%25", project, kShardInstance, tenant);
    Result<boost::json::value> done = Error(ErrorCode::Unavailable, "not tried");
    do {  // until no other operation is under way there
        done = google.put(
            user, boost::json::object{{"name", tenant}, {"password", "somebody-else-set-this-1"}});
    } while (!done.ok() && context.sleep(kLook));
    if (!done.ok()) return done.error();
    TRY(google.wait(fmt::format("{}/operations/{}", project, poc::text_at(*done, "/name"))));
    return {};
}

class Traveller {
public:
    Traveller(Context context, Options const& options, Operator const& by, Journey& journey,
              Say const& say)
        : context_(std::move(context)), options_(options), by_(by), journey_(journey), say_(say) {}

    Result<void> travel(Gate& gate) {
        auto const name = journey_.tenant.name;
        do {
            Place place(gate);
            if (context_.stopped()) return Error(ErrorCode::Cancelled, "stopped");
            if (journey_.runs++ == 0) set_out();
            TRY(run_once(place));
            TRY(look());
            if (journey_.told.state != "running") break;
            say_(fmt::format("{}: stopped before its end, and is carried on: {}", name, problem_));
        } while (journey_.runs < kRunsMost);
        say_(fmt::format("{}: {}{}", name, journey_.told.state,
                         journey_.told.reason.empty() ? "" : ": " + journey_.told.reason));
        if (journey_.fate == Fate::ReturnsByHand && journey_.told.state == "moved")
            TRY(return_by_hand());
        return {};
    }

private:
    void set_out() {
        journey_.began = context_.clock().now();
        journey_.began_at = context_.clock().wall_now();
        say_(fmt::format("{}: begins", journey_.tenant.name));
    }

    Words migrate() const {
        auto const& tenant = journey_.tenant;
        return {"tenant",
                "migrate",
                tenant.name,
                "--from",
                std::string(poc::kProject),
                "--to",
                kShard,
                "--state-bucket",
                std::string(poc::kStateBucket),
                "--state",
                by_.state().string(),
                "--observe",
                options_.observe,
                "--observe-every",
                "500ms",
                "--admin",
                std::string(poc::kAdministrator),
                "--admin-secret",
                tenant.administrator_secret(),
                "--format",
                "json"};
    }

    Result<void> run_once(Place& place) {
        auto const log = fmt::format("{}-{}", journey_.tenant.name, journey_.runs);
        auto process = TRY(by_.start(migrate(), log));
        auto const limit = context_.within(kOneTenant);
        auto const error_file = by_.logs() / (log + ".err");
        while (!process.poll()) {
            auto const said = rehearsal::read_text(error_file);
            if (said.find(": routing/wait") != std::string::npos) place.leave();
            bool const is_observed = said.find(": observe/watch") != std::string::npos;
            if (is_observed && journey_.fate == Fate::FailsAndReturns && !journey_.broken_at) {
                TRY(break_new_home(limit, by_, journey_.tenant.name));
                journey_.broken_at = context_.clock().wall_now();
                say_(fmt::format("{}: its new home was broken", journey_.tenant.name));
            }
            if (!limit.sleep(kLook))
                return Error(ErrorCode::DeadlineExceeded, "`tenant migrate` does not end");
        }
        return {};
    }

    Result<void> look() {
        auto const status = TRY(by_.ask(
            context_, {"tenant", "status", journey_.tenant.name, "--state", by_.state().string()}));
        journey_.told.state = TRY(json::get_string(status.json, "state"));
        journey_.told.reason = TRY(json::get_string(status.json, "reason"));
        problem_ = TRY(json::get_string(status.json, "problem"));
        return {};
    }

    [[nodiscard]] bool has_new_writes(SteadyTime since) const {
        auto const is_new = [&](auto const& write) { return write.at > since; };
        auto const comments = journey_.ledger.comments();
        auto const uploads = journey_.ledger.uploads();
        return std::ranges::count_if(comments, is_new) >= static_cast<long>(kNewComments) &&
               std::ranges::count_if(uploads, is_new) >= static_cast<long>(kNewUploads);
    }

    Result<void> return_by_hand() {
        auto const& name = journey_.tenant.name;
        auto const since = context_.clock().now();
        auto const waiting = context_.within(kNewWritesTime);
        while (!has_new_writes(since)) {
            if (!waiting.sleep(kLook))
                return Error(ErrorCode::DeadlineExceeded, "too few new writes on the new side");
        }
        journey_.written_before_return = kNewComments + kNewUploads;
        say_(fmt::format("{}: rolled back by hand, after new writes on the new side", name));
        auto const limit = context_.within(kOneTenant);
        auto process = TRY(by_.start(
            {"tenant", "rollback", name, "--state", by_.state().string(), "--format", "json"},
            name + "-rollback"));
        auto const status = TRY(process.wait(limit));
        TRY(look());
        say_(fmt::format("{}: {}", name, journey_.told.state));
        if (status.success()) return {};
        auto const words = rehearsal::read_text(by_.logs() / (name + "-rollback.err"));
        return Error(ErrorCode::Aborted, "`tenant rollback`: " + rehearsal::last_lines(words, 3));
    }

    Context context_;
    Options const& options_;
    Operator const& by_;
    Journey& journey_;
    Say const& say_;
    std::string problem_;
};

}  // namespace

std::string_view to_string(Fate fate) {
    switch (fate) {
        case Fate::Moves:
            return "moves";
        case Fate::FailsAndReturns:
            return "fails and rolls back by itself";
        case Fate::ReturnsByHand:
            return "is rolled back by hand";
    }
    return "";
}

void migrate_all(Context const& context, Options const& options, Operator const& by,
                 Journeys& journeys, Say const& say) {
    Gate gate(options.at_once);
    std::vector<std::jthread> threads;
    for (auto const& journey : journeys) {
        threads.emplace_back([&, its = journey.get()] {
            auto const done = Traveller(context, options, by, *its, say).travel(gate);
            if (!done.ok()) {
                its->trouble = done.error().message();
                say(fmt::format("{}: {}", its->tenant.name, its->trouble));
            }
            its->ended = context.clock().now();
            its->ended_at = context.clock().wall_now();
        });
    }
}

}  // namespace aipress::drill
