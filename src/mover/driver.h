// The driver of one move: carries out what the state machine (state.h) says, state by state.
// Internal to mover/; the public face is move.h.
//
// One thread runs it; the control socket's threads only leave requests and wait for their answers.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "mover/catch_up.h"
#include "mover/control.h"
#include "mover/copier.h"
#include "mover/gate.h"
#include "mover/journal.h"
#include "mover/move.h"
#include "mover/state.h"
#include "mover/verification.h"

namespace aipress::mover {

// What operators asked for, and what became of it. Thread safe.
class Requests {
public:
    enum class Verb { Switch, Rollback, Finalize };

    void ask(Verb verb);
    [[nodiscard]] bool wants(Verb verb) const;
    // The request is over: the waiting callers get the result.
    void answer(Verb verb, Result<void> const& result);
    // Asks, and waits for the answer.
    Result<void> ask_and_wait(Verb verb, std::stop_token stop);

    void set_paused(bool paused);
    [[nodiscard]] bool is_paused() const;
    void accept_loss();
    [[nodiscard]] bool loss_accepted() const;
    // Until something is asked for, or the time is over.
    void wait_for_news(std::stop_token const& stop, milliseconds most);

private:
    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::set<Verb> wanted_;
    std::map<Verb, std::uint64_t> answers_;  // how many so far
    std::map<Verb, std::optional<Error>> last_error_;
    bool paused_ = false;
    bool loss_accepted_ = false;
    std::uint64_t news_ = 0;
};

class Driver final : public Move {
public:
    Driver(Journal journal, std::string journal_path, MoveOptions options,
           MoveDependencies dependencies);
    ~Driver() override;

    Result<void> run(std::stop_token stop, Goal goal) override;
    [[nodiscard]] Report report() const override;
    [[nodiscard]] PreflightReport const& preflight_report() const override { return preflight_; }
    void request_rollback(RollbackRequest request) override;
    Result<void> switch_now(std::stop_token stop) override {
        return requests_.ask_and_wait(Requests::Verb::Switch, std::move(stop));
    }
    Result<void> roll_back_now(std::stop_token stop) override {
        return requests_.ask_and_wait(Requests::Verb::Rollback, std::move(stop));
    }
    Result<void> finalize_now(std::stop_token stop) override {
        return requests_.ask_and_wait(Requests::Verb::Finalize, std::move(stop));
    }

private:
    enum class Readiness { Wait, Switch };

    // driver.cc: the loop, sessions, reports.
    Result<void> run_with_retries(Context const& context);
    Result<void> advance(Context const& context);
    Result<void> advance_once(Context const& context);
    Result<void> open_session(Context const& context);
    Result<std::vector<Account>> accounts_to_fence(Context const& context, Side side);
    void close_session();
    void keep_totals();
    Result<void> transition(MoveEvent event);
    void refresh_report();
    void publish();
    [[nodiscard]] State state() const { return journal_.content().state; }
    [[nodiscard]] bool must_abort(Error const& error) const;
    Result<boost::json::object> handle_control(boost::json::object const& request,
                                               std::stop_token stop);
    Result<void> pause_point(Context const& context);

    // driver_forward.cc: preflight … standby, abort.
    Result<void> run_preflight(Context const& context);
    Result<void> make_schema(Context const& context);
    Result<void> copy(Context const& context);
    Result<void> copy_with(Context const& context, std::vector<mysql::Connection>& readers);
    void note_progress(Copier const& copier);
    Result<void> watch_copy(Context const& context, Copier& copier,
                            std::vector<mysql::Connection>& readers);
    Result<std::string> reason_to_rest(Context const& context);
    Result<void> start_forward(Context const& context);
    Result<void> catch_up(Context const& context);
    static Result<void> check_differences(CatchUp const& leg);
    Result<void> verify_all(Context const& context, CatchUp& leg);
    Result<void> verify(Context const& context);
    Result<void> stand_by(Context const& context);
    [[nodiscard]] Readiness readiness() const;
    Result<void> abort_move(Context const& context);

    // driver_switch.cc: the fence and the switch.
    Result<void> fence_and_switch(Context const& context);
    Result<void> close_and_prove(Context const& context);
    Result<void> arm_reverse(Context const& context);
    Result<void> undo_fence(Context const& context);
    Result<void> recover_fence(Context const& context);
    Result<void> finish_switch(Context const& context);
    Result<void> open_target(Context const& context);
    Result<void> recopy_hidden_changes(Context const& context, CatchUp& leg);
    Result<void> check_schema_unchanged(Context const& context);
    Result<void> raise_counters(Context const& context, mysql::Connection& from,
                                mysql::Connection& to);
    Result<void> announce_owner(Context const& context, Side owner);
    Result<void> run_switch_command(Context const& context, Side owner);
    [[nodiscard]] bool announces_owner() const;

    // driver_reverse.cc: the way back and the end.
    Result<void> start_reverse(Context const& context);
    Result<void> reverse(Context const& context);
    Result<void> roll_back(Context const& context);
    Result<std::optional<Error>> broken_way_back(Context const& context);
    Result<void> carry_up_to_break(Context const& context);
    [[nodiscard]] bool carries_back();
    Result<void> close_target_and_prove(Context const& context);
    Result<void> give_back(Context const& context);
    Result<void> undo_rollback(Context const& context);
    void carry_last_changes(Context const& context);
    Result<void> finalize(Context const& context);

    [[nodiscard]] Gate& gate(Side side);
    [[nodiscard]] std::vector<std::string> table_names() const;
    [[nodiscard]] std::set<std::string> tables_with_hidden_changes() const;
    [[nodiscard]] std::uint32_t stream_server_id(Side followed) const;
    // What carries changes from that side to the other.
    [[nodiscard]] CatchUpOptions leg_from(Side side, mysql::binlog::Position const& start) const;
    [[nodiscard]] mysql::Schema active_schema() const;

    Journal journal_;
    std::string const journal_path_;
    std::filesystem::path const spill_directory_;
    MoveOptions const options_;
    MoveDependencies dependencies_;
    Clock& clock_;
    Probe& probe_;
    Requests requests_;

    // One session: from connecting to the first lost connection.
    std::optional<mysql::Connection> source_;
    std::optional<mysql::Connection> target_;
    std::optional<mysql::Connection> table_lock_;  // holds LOCK TABLES … READ
    std::optional<mysql::Schema> schema_;
    std::vector<mysql::SchemaObject> objects_;  // as they were before the move
    Layouts layouts_;
    // Kept for the session: a gate remembers whom it sent away.
    std::optional<Gate> source_gate_;
    std::optional<Gate> target_gate_;
    RestSwitch rest_;
    std::unique_ptr<CatchUp> forward_;
    std::unique_ptr<CatchUp> backward_;
    bool backward_verified_ = false;
    std::atomic<bool> source_is_replaced_ = false;

    PreflightReport preflight_;
    SteadyTime last_success_;
    SteadyTime last_published_;
    SteadyTime fence_began_;
    unsigned failed_fences_ = 0;
    bool owner_announced_ = false;
    std::uint64_t keys_carried_before_ = 0;
    std::uint64_t rounds_before_ = 0;

    mutable std::mutex report_mutex_;
    Report report_;
};

}  // namespace aipress::mover
