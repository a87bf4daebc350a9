#include "testing/rehearsal/rehearsal.h"

#include <algorithm>
#include <fmt/format.h>

#include "testing/rehearsal/mover_process.h"
#include "testing/rehearsal/progress.h"
#include "testing/rehearsal/verdict.h"

namespace aipress::rehearsal {
namespace {

constexpr milliseconds kStatusInterval{500};
constexpr milliseconds kLedgerTimeout{180'000};
constexpr milliseconds kMoveTimeout{1'800'000};
constexpr std::size_t kSitesOnlyComments = 40;
constexpr std::string_view kRolledBack = "shop";

// How many comments must be accepted before the story goes on: by number, not by time.
std::size_t comments_a_chapter(Scale scale) {
    return scale == Scale::Full ? 50 : 12;
}

struct Move {
    Tenant& tenant;
    Census before;
    MoverProcess process;
    MoveStatus status{};

    [[nodiscard]] Fate fate() const {
        return tenant.site.name() == kRolledBack ? Fate::RolledBack : Fate::Finalized;
    }
};

class Run {
public:
    Run(Context const& context, RehearsalOptions const& options, Stage& stage)
        : context_(context),
          options_(options),
          stage_(stage),
          display_(stderr, context.clock()),
          chapter_(comments_a_chapter(options.stage.scale)) {}

    Result<bool> carry_out() {
        TRY(comments_are_accepted(Stage::address(stage_.source())));
        TRY(start_moves());
        TRY(follow("all three are switched", [](Move const& move) {
            return move.status.state == "reversing" && move.status.owner == "target";
        }));
        display_.say("switched; now comments are written on the new side");
        TRY(comments_are_accepted(Stage::address(stage_.target())));
        TRY(roll_back());
        TRY(finalize());
        stage_.send_visitors_home();
        return judge_all();
    }

private:
    // Another chapter's worth of comments, on every site (or only those of one fate).
    Result<void> comments_are_accepted(std::string const& address,
                                       std::optional<Fate> only = std::nullopt) {
        auto const waiting = context_.within(kLedgerTimeout);
        for (auto& tenant : stage_.tenants()) {
            bool const is_rolled_back = tenant.site.name() == kRolledBack;
            if (only && (*only == Fate::RolledBack) != is_rolled_back) continue;
            auto const enough = tenant.ledger.count_on(address) + chapter_;
            while (true) {
                auto const reached =
                    tenant.ledger.wait_for(waiting.within(kStatusInterval), address, enough);
                if (reached.ok()) break;
                if (waiting.expired() || waiting.stopped())
                    return Error(reached.error()).in_context(tenant.site.name());
                TRY(refresh_all());
            }
        }
        return {};
    }

    Result<void> start_moves() {
        for (auto& tenant : stage_.tenants()) {
            auto const database = tenant.site.database();
            auto source = TRY(mysql::Connection::open(context_, stage_.source().root(database)));
            auto census = TRY(take_census(context_, source));
            MoverOptions mover;
            mover.aipress = options_.aipress;
            mover.folder = options_.stage.folder / tenant.site.name();
            mover.source = stage_.source().root(database);
            mover.target = stage_.target().root(database);
            mover.on_switch = tenant.site.switch_command();
            auto process = TRY(MoverProcess::start(std::move(mover)));
            moves_.push_back({tenant, std::move(census), std::move(process)});
        }
        display_.say("three moves are running");
        return {};
    }

    // Shows progress until it holds for every move. Errors: Aborted when a mover ends before.
    Result<void> follow(std::string_view what, auto const& holds) {
        auto const waiting = context_.within(kMoveTimeout);
        while (true) {
            TRY(refresh_all());
            if (std::ranges::all_of(moves_, holds)) return {};
            for (auto& move : moves_)
                if (!holds(move) && move.process.ended())
                    return Error(ErrorCode::Aborted,
                                 move.tenant.site.name() + ": " + move.process.last_words());
            if (waiting.sleep(kStatusInterval)) continue;
            if (waiting.stopped()) return Error(ErrorCode::Cancelled, "stopped");
            return Error(ErrorCode::DeadlineExceeded, fmt::format("waited in vain until {}", what));
        }
    }

    Result<void> refresh(Move& move) {
        auto status = move.process.status(context_);
        if (!status)
            return status.release_error().in_context(move.tenant.site.name() + ": " +
                                                     move.process.last_words());
        move.status = status.release();
        return {};
    }

    Result<void> refresh_all() {
        for (auto& move : moves_) TRY(refresh(move));
        if (!moves_.empty()) show();
        return {};
    }

    void show() {
        std::vector<TenantProgress> lines;
        lines.reserve(moves_.size());
        for (auto const& move : moves_)
            lines.push_back({move.tenant.site.name(), move.status,
                             move.tenant.visitors->statistics(), move.tenant.ledger.size()});
        display_.show(lines);
    }

    Result<void> roll_back() {
        display_.say(fmt::format("rolling {} back", kRolledBack));
        for (auto& move : moves_) {
            if (move.fate() != Fate::RolledBack) continue;
            TRY(move.process.rollback(context_));
            move.status = TRY(move.process.wait(context_));
        }
        return comments_are_accepted(Stage::address(stage_.source()), Fate::RolledBack);
    }

    Result<void> finalize() {
        display_.say("finalizing the others");
        for (auto& move : moves_) {
            if (move.fate() != Fate::Finalized) continue;
            TRY(move.process.finalize(context_));
            move.status = TRY(move.process.wait(context_));
        }
        show();
        return comments_are_accepted(Stage::address(stage_.target()), Fate::Finalized);
    }

    Result<bool> judge_all() {
        display_.say("the visitors have gone; comparing their ledger with the databases\n");
        std::vector<Outcome> outcomes;
        for (auto const& move : moves_) {
            outcomes.push_back(
                TRY(judge(context_, stage_, move.tenant, move.fate(), move.status, move.before)));
            for (auto const& [fault, count] : outcomes.back().visits.failures)
                display_.say(fmt::format("{}: {} × {}", move.tenant.site.name(), count, fault));
        }
        fmt::print("{}", render(outcomes));
        return std::ranges::all_of(outcomes,
                                   [](auto const& outcome) { return outcome.faults.empty(); });
    }

    Context const& context_;
    RehearsalOptions const& options_;
    Stage& stage_;
    ProgressDisplay display_;
    std::size_t chapter_;
    std::vector<Move> moves_;
};

Result<bool> sites_only(Context const& context, Stage& stage) {
    auto const source = Stage::address(stage.source());
    for (auto& tenant : stage.tenants())
        TRY(tenant.ledger.wait_for(context.within(kLedgerTimeout), source, kSitesOnlyComments)
                .in_context(tenant.site.name()));
    stage.send_visitors_home();
    bool all_well = true;
    for (auto& tenant : stage.tenants()) {
        auto owner =
            TRY(mysql::Connection::open(context, stage.source().root(tenant.site.database())));
        auto const check =
            TRY(compare(context, owner, tenant.ledger, companion_table(tenant.site.kind())));
        auto const visits = tenant.visitors->statistics();
        fmt::print(
            "{:<8}{:>6.1f} MB  requests {}, failed {}, vanished {}; comments accepted {}, "
            "missing {}, unacknowledged {}; median {:.0f} ms, p99 {:.0f} ms\n",
            tenant.site.name(), static_cast<double>(tenant.data_bytes) / 1e6, visits.requests,
            visits.failed, visits.vanished, check.accepted,
            check.missing + check.missing_companions, check.unacknowledged, visits.median_ms,
            visits.p99_ms);
        for (auto const& [fault, count] : visits.failures)
            fmt::print("{}: {} × {}\n", tenant.site.name(), count, fault);
        all_well = all_well && check.complete() && visits.failed == 0 && visits.vanished == 0;
    }
    return all_well;
}

void hold(Context const& context, Stage const& stage) {
    for (auto const& tenant : stage.tenants())
        fmt::print(stderr, "{} stays at {}/ until Ctrl-C\n", tenant.site.name(), tenant.site.url());
    while (context.sleep(milliseconds(1'000))) {
    }
}

}  // namespace

Result<bool> rehearse(Context const& context, RehearsalOptions const& options) {
    auto stage = TRY(Stage::build(context, options.stage));
    stage->let_visitors_in(context.clock());
    auto const all_well = options.scope == Scope::SitesOnly
                              ? TRY(sites_only(context, *stage))
                              : TRY(Run(context, options, *stage).carry_out());
    if (options.ending == Ending::Hold) hold(context, *stage);
    return all_well;
}

}  // namespace aipress::rehearsal
