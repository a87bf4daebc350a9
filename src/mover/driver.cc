#include "mover/driver.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>

#include "base/log.h"
#include "json/fields.h"
#include "mover/limits.h"
#include "mover/objects_json.h"
#include "mover/report_json.h"

namespace aipress::mover {
namespace {

constexpr milliseconds kPublishEvery{500};

std::filesystem::path directory_of(std::string const& path) {
    return std::filesystem::absolute(path).parent_path();
}

}  // namespace

Driver::Driver(Journal journal, std::string journal_path, MoveOptions options,
               MoveDependencies dependencies)
    : journal_(std::move(journal)),
      journal_path_(std::move(journal_path)),
      spill_directory_(directory_of(journal_path_)),
      options_(std::move(options)),
      dependencies_(std::move(dependencies)),
      clock_(dependencies_.clock),
      probe_(dependencies_.probe),
      last_success_(clock_.now()),
      last_published_(clock_.now()) {
    auto restored = report_from_json(journal_.content().report);
    if (restored.ok()) report_ = restored.release();
    report_.move_id = journal_.content().move_id;
    report_.source = journal_.content().source;
    report_.target = journal_.content().target;
    report_.state = state();
    report_.error.clear();
    keys_carried_before_ = report_.rows_changed;
    rounds_before_ = report_.rounds;
    requests_.set_paused(journal_.content().paused);
}

Driver::~Driver() = default;

Report Driver::report() const {
    std::lock_guard const lock(report_mutex_);
    return report_;
}

void Driver::request_rollback(RollbackRequest request) {
    if (request.accept_loss) requests_.accept_loss();
    if (request.source_is_replaced) source_is_replaced_ = true;
    requests_.ask(Requests::Verb::Rollback);
}

Gate& Driver::gate(Side side) {
    auto& gate = side == Side::Source ? source_gate_ : target_gate_;
    ASSERT(gate.has_value());
    return *gate;
}

std::vector<std::string> Driver::table_names() const {
    std::vector<std::string> names;
    for (auto const& table : schema_->tables) names.push_back(table.name);
    return names;
}

std::set<std::string> Driver::tables_with_hidden_changes() const {
    std::set<std::string> names;
    for (auto const& table : schema_->tables) {
        for (auto const& key : table.foreign_keys) {
            if (key.cascades()) names.insert(table.name);
        }
    }
    return names;
}

// Unique among the server's replicas, and the same after a restart: a server ends the session of a
// reader that died when the same id comes again.
std::uint32_t Driver::stream_server_id(Side followed) const {
    auto const hash = std::hash<std::string>()(journal_.content().move_id);
    return static_cast<std::uint32_t>(0x8000'0000u | (hash & 0x7fff'fff0u) |
                                      (followed == Side::Source ? 1u : 2u));
}

CatchUpOptions Driver::leg_from(Side side, mysql::binlog::Position const& start) const {
    CatchUpOptions leg;
    leg.from = side == Side::Source ? options_.source : options_.target;
    leg.to = side == Side::Source ? options_.target : options_.source;
    leg.move_id = journal_.content().move_id;
    leg.server_id = stream_server_id(side);
    leg.start = start;
    leg.retry_for = options_.retry_for;
    leg.spill_directory = spill_directory_;
    leg.hidden_changes = tables_with_hidden_changes();
    // The old side is proven by its log, should the way back break (way_back.h).
    if (side == Side::Target) leg.signing = Signing::EachTransaction;
    return leg;
}

// The schema with the objects as they were before the move: triggers may since have been dropped.
mysql::Schema Driver::active_schema() const {
    auto schema = *schema_;
    schema.objects = objects_;
    return schema;
}

Result<void> Driver::transition(MoveEvent event) {
    auto const next = step(state(), event);
    ASSERT(next.has_value());
    refresh_report();
    boost::json::object snapshot;
    {
        std::lock_guard const lock(report_mutex_);
        report_.state = *next;
        snapshot = to_json(report_);
    }
    TRY(journal_.set_state(*next, std::move(snapshot)));
    log::info("{}: {}", journal_.content().source, to_string(*next));
    publish();
    return {};
}

void Driver::publish() {
    refresh_report();
    last_published_ = clock_.now();
    if (dependencies_.on_progress) dependencies_.on_progress(report());
}

void Driver::refresh_report() {
    std::lock_guard const lock(report_mutex_);
    report_.state = state();
    report_.owner = std::string(to_string(journal_.content().owner));
    report_.paused = requests_.is_paused();
    // While the way back is being tried, the way forward is what counts.
    auto const* leg = forward_ ? forward_.get() : backward_.get();
    if (leg == nullptr) return;
    auto const status = const_cast<CatchUp*>(leg)->follower().status();
    report_.dirty_keys = status.dirty_keys;
    report_.unverified_keys = leg->unverified_keys();
    report_.lag_ms = status.lag_ms;
    report_.rows_changed = keys_carried_before_ + leg->totals().keys_carried;
    report_.rounds = rounds_before_ + leg->totals().rounds;
    report_.differences = leg->differences().size();
    if (leg == backward_.get() && status.failure) {
        report_.reverse_broken = true;
        report_.reverse_error = status.failure->message();
        report_.writes_at_risk = status.changes_after_failure + status.dirty_keys;
    }
    auto const changes = const_cast<CatchUp*>(leg)->follower().changes_by_table();
    if (leg == forward_.get()) {
        for (auto& table : report_.per_table) {
            auto const at = changes.find(table.table);
            if (at != changes.end()) table.rows_changed = at->second;
        }
    }
}

Result<void> Driver::open_session(Context const& context) {
    auto const connecting = context.within(milliseconds(15'000));
    source_ = TRY(mysql::Connection::open(connecting, options_.source).in_context("source"));
    bool const may_lack_database = state() == State::Preflight || state() == State::Schema;
    auto target =
        mysql::Connection::open(connecting, options_.target, {.use_database = !may_lack_database});
    // An abort that was cut short may have dropped it.
    if (!target.ok() && target.error().code() == ErrorCode::NotFound &&
        journal_.content().owner == Side::Source) {
        target = mysql::Connection::open(connecting, options_.target, {.use_database = false});
    }
    target_ = TRY(std::move(target).in_context("target"));
    if (state() == State::Preflight) return {};
    schema_ = TRY(mysql::read_schema(context, *source_, options_.source.database));
    for (auto const& table : schema_->tables) layouts_.emplace(table.name, TableLayout(table));
    objects_ = schema_->objects;
    if (!journal_.content().schema_hash.empty()) {
        objects_ = TRY(objects_from_json(journal_.content().objects));
    }
    source_gate_.emplace(Side::Source, options_.source.database,
                         TRY(accounts_to_fence(context, Side::Source)), journal_, probe_);
    target_gate_.emplace(Side::Target, options_.target.database,
                         TRY(accounts_to_fence(context, Side::Target)), journal_, probe_);
    return {};
}

// Those that the server names now and those that it ever named during this move: a gate that is
// closed by revoking grants leaves no trace of whom it shut out.
Result<std::vector<Account>> Driver::accounts_to_fence(Context const& context, Side side) {
    bool const on_source = side == Side::Source;
    if (on_source && options_.accounts) return *options_.accounts;
    auto& connection = on_source ? *source_ : *target_;
    auto const& database = on_source ? options_.source.database : options_.target.database;
    auto const& content = journal_.content();
    auto known = on_source ? content.source_accounts : content.target_accounts;
    auto const count_before = known.size();
    for (auto& account : TRY(list_accounts(context, connection, database)).tenant) {
        if (!contains(known, account)) known.push_back(std::move(account));
    }
    if (known.size() != count_before) TRY(journal_.set_accounts(side, known));
    return known;
}

// The next leg counts from 0.
void Driver::keep_totals() {
    std::lock_guard const lock(report_mutex_);
    keys_carried_before_ = report_.rows_changed;
    rounds_before_ = report_.rounds;
    report_.lag_ms = -1;
}

void Driver::close_session() {
    refresh_report();
    keep_totals();
    forward_.reset();
    backward_.reset();
    backward_verified_ = false;
    table_lock_.reset();
    source_.reset();
    target_.reset();
    layouts_.clear();
    schema_.reset();
}

Result<void> Driver::run(std::stop_token stop, Goal goal) {
    switch (goal) {
        case Goal::Carry:
            break;
        case Goal::Switch:
            requests_.ask(Requests::Verb::Switch);
            break;
        case Goal::Rollback:
            requests_.ask(Requests::Verb::Rollback);
            break;
        case Goal::Finalize:
            requests_.ask(Requests::Verb::Finalize);
            break;
    }
    if (is_terminal(state())) {
        return Error(ErrorCode::FailedPrecondition,
                     fmt::format("this move is over: {}", to_string(state())));
    }
    if (goal != Goal::Carry || requests_.is_paused()) requests_.set_paused(false);
    auto const control = TRY(ControlServer::start(
        journal_path_ + ".sock", [this](auto const& request, std::stop_token handler_stop) {
            return handle_control(request, std::move(handler_stop));
        }));
    auto result = run_with_retries(Context(clock_, Deadline::never(), stop));
    close_session();
    {
        std::lock_guard const lock(report_mutex_);
        if (!result.ok()) report_.error = result.error().message();
    }
    // Whoever waits for an answer gets the end of it.
    auto const verdict = result.ok() ? Result<void>() : Result<void>(result.error());
    requests_.answer(Requests::Verb::Switch, verdict);
    requests_.answer(Requests::Verb::Rollback, verdict);
    requests_.answer(Requests::Verb::Finalize, verdict);
    publish();
    return result;
}

Result<void> Driver::run_with_retries(Context const& context) {
    auto backoff = limits::kBackoffFirst;
    last_success_ = clock_.now();
    while (true) {
        auto const success_before = last_success_;
        auto result = advance(context);
        if (result.ok()) return result;
        if (context.stopped()) return Error(ErrorCode::Cancelled, "stopped on request");
        if (mysql::is_connection_error(result.error())) {
            if (elapsed_ms(last_success_, clock_.now()) >= options_.retry_for) {
                return result.release_error().in_context(fmt::format(
                    "gave up after {} s without a connection", options_.retry_for.count() / 1000));
            }
            log::warning("{}; trying again", result.error().message());
            close_session();
            if (last_success_ != success_before) backoff = limits::kBackoffFirst;
            context.sleep(backoff);
            backoff = std::min(backoff * 2, limits::kBackoffMost);
            continue;
        }
        if (!must_abort(result.error())) return result;
        auto error = result.release_error();
        auto aborted = abort_move(context);
        if (!aborted.ok()) {
            return std::move(error).in_context(
                fmt::format("the move cannot go on, and could not be undone either ({}); run "
                            "`aipress database rollback` when both servers answer",
                            aborted.error().message()));
        }
        return std::move(error).in_context("the move was undone");
    }
}

// Errors that no repetition mends: what was made is taken back, and the tenant stays at home.
bool Driver::must_abort(Error const& error) const {
    if (is_terminal(state()) || journal_.content().owner == Side::Target) return false;
    if (state() == State::Preflight) return false;
    if (state() == State::Fenced) return false;
    if (forward_ && !forward_->differences().empty()) return false;  // for the operator to look at
    if (forward_) {
        auto const failure = forward_->follower().status().failure;
        if (failure && !mysql::is_connection_error(*failure)) return true;
    }
    switch (error.code()) {
        case ErrorCode::FailedPrecondition:
        case ErrorCode::Unimplemented:
        case ErrorCode::OutOfRange:
        case ErrorCode::ResourceExhausted:
        case ErrorCode::PermissionDenied:
        case ErrorCode::DataLoss:
        case ErrorCode::Unknown:
        case ErrorCode::AlreadyExists:
        case ErrorCode::InvalidArgument:
        case ErrorCode::NotFound:
            return true;
        default:
            return false;
    }
}

Result<void> Driver::advance(Context const& context) {
    while (!is_terminal(state())) {
        if (!source_) TRY(open_session(context));
        TRY(advance_once(context));
        last_success_ = clock_.now();
    }
    return {};
}

Result<void> Driver::advance_once(Context const& context) {
    bool const before_switch = journal_.content().owner == Side::Source && state() != State::Fenced;
    if (before_switch && requests_.wants(Requests::Verb::Rollback)) return abort_move(context);
    if (before_switch && requests_.wants(Requests::Verb::Finalize)) {
        requests_.answer(Requests::Verb::Finalize,
                         Error(ErrorCode::FailedPrecondition,
                               "the database has not been switched yet: there is nothing to "
                               "finalize; `rollback` ends the move"));
    }
    switch (state()) {
        case State::Preflight:
            return run_preflight(context);
        case State::Schema:
            return make_schema(context);
        case State::Copying:
            return copy(context);
        case State::CatchingUp:
            return catch_up(context);
        case State::Verifying:
            return forward_ ? verify(context) : transition(MoveEvent::Restarted);
        case State::Standby:
            return forward_ ? stand_by(context) : transition(MoveEvent::Restarted);
        case State::Fenced:
            return recover_fence(context);
        case State::Switched:
            return finish_switch(context);
        case State::Reversing:
            return reverse(context);
        default:
            return {};
    }
}

// Between two steps: progress to whoever watches, and rest while paused.
Result<void> Driver::pause_point(Context const& context) {
    last_success_ = clock_.now();
    if (elapsed_ms(last_published_, clock_.now()) >= kPublishEvery) publish();
    while (requests_.is_paused() && !context.stopped()) {
        if (!journal_.content().paused) TRY(journal_.set_paused(true));
        requests_.wait_for_news(context.stop(), limits::kThrottleCheck);
        publish();
    }
    if (journal_.content().paused) TRY(journal_.set_paused(false));
    if (context.stopped()) return Error(ErrorCode::Cancelled, "stopped on request");
    return {};
}

Result<boost::json::object> Driver::handle_control(boost::json::object const& request,
                                                   std::stop_token stop) {
    auto const verb = TRY(json::get_string(request, "verb"));
    if (verb == "pause" || verb == "resume") {
        requests_.set_paused(verb == "pause");
    } else if (verb == "switch") {
        TRY(requests_.ask_and_wait(Requests::Verb::Switch, std::move(stop)));
    } else if (verb == "rollback") {
        if (auto const* loss = request.if_contains("accept_loss"); loss && loss->is_bool()) {
            if (loss->get_bool()) requests_.accept_loss();
        }
        TRY(requests_.ask_and_wait(Requests::Verb::Rollback, std::move(stop)));
    } else if (verb == "finalize") {
        if (TRY(json::get_string(request, "confirm")) != options_.source.database) {
            return Error(
                ErrorCode::InvalidArgument,
                "finalize ends the way back for good: type the database's name to confirm");
        }
        TRY(requests_.ask_and_wait(Requests::Verb::Finalize, std::move(stop)));
    } else if (verb != "status") {
        return Error(ErrorCode::InvalidArgument, fmt::format("unknown verb '{}'", verb));
    }
    return boost::json::object{{"report", to_json(report())}};
}

Result<std::unique_ptr<Move>> Move::open(std::string const& journal_path, MoveOptions options,
                                         MoveDependencies dependencies) {
    if (options.source.database.empty() || options.target.database.empty()) {
        return Error(ErrorCode::InvalidArgument,
                     "both URLs must name a database: mysql://user:password@host:port/database");
    }
    options.workers = std::clamp(options.workers, 1u, limits::kWorkersMost);
    auto journal = TRY(Journal::open(journal_path, options.source.display(),
                                     options.target.display(), dependencies.probe));
    // Whoever carries the move on, with the same command line or a shorter one, has to point the
    // site where the move points it.
    if (options.on_switch.empty()) {
        options.on_switch = journal.content().on_switch;
    } else if (options.on_switch != journal.content().on_switch) {
        TRY(journal.set_on_switch(options.on_switch));
    }
    if (!options.accounts) {
        options.accounts = journal.content().named_accounts;
    } else if (options.accounts != journal.content().named_accounts) {
        TRY(journal.set_named_accounts(*options.accounts));
    }
    return std::unique_ptr<Move>(std::make_unique<Driver>(
        std::move(journal), journal_path, std::move(options), std::move(dependencies)));
}

Result<Report> read_journal_report(std::string const& journal_path) {
    auto const content = TRY(Journal::read(journal_path));
    Report report;
    auto restored = report_from_json(content.report);
    if (restored.ok()) report = restored.release();
    report.move_id = content.move_id;
    report.source = content.source;
    report.target = content.target;
    report.state = content.state;
    report.owner = std::string(to_string(content.owner));
    report.paused = content.paused;
    return report;
}

}  // namespace aipress::mover
