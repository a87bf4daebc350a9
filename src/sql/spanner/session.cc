#include "sql/spanner/session.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "gcp/fields.h"

namespace aipress::sql::spanner {
namespace {

namespace json = boost::json;

constexpr milliseconds kGoodbyeTime{2'000};

json::object options_of(Kind kind, milliseconds staleness) {
    if (kind == Kind::ReadWrite) return {{"readWrite", json::object()}};
    if (staleness.count() == 0) return {{"readOnly", json::object{{"strong", true}}}};
    auto const seconds =
        fmt::format("{}.{:03}s", staleness.count() / 1000, staleness.count() % 1000);
    return {{"readOnly", json::object{{"exactStaleness", seconds}}}};
}

}  // namespace

gcp::Outcome<std::unique_ptr<Session>> Session::create(Context const& context,
                                                       gcp::Connection const& google,
                                                       std::string const& database) {
    // One that was made though its answer was lost ends by itself.
    auto const made = TRY(google.call(context, {.api = kApi,
                                                .method = "POST",
                                                .path = fmt::format("/v1/{}/sessions", database),
                                                .body = json::object{{"session", json::object()}},
                                                .idempotent = gcp::Idempotent::Yes}));
    return std::unique_ptr<Session>(new Session(google, gcp::text_of(made, "name")));
}

gcp::Outcome<json::object> Session::call(Context const& context, char const* verb,
                                         json::object body, gcp::Idempotent idempotent) const {
    return google_.call(context, {.api = kApi,
                                  .method = "POST",
                                  .path = fmt::format("/v1/{}:{}", name_, verb),
                                  .body = std::move(body),
                                  .idempotent = idempotent});
}

void Session::begin(Kind kind, milliseconds staleness) {
    kind_ = kind;
    staleness_ = staleness;
    transaction_.clear();
    sequence_ = 0;
}

// The number lets the server tell a statement that comes a second time from a second statement.
json::object Session::in_transaction(json::object body) {
    if (transaction_.empty()) {
        body["transaction"] = json::object{{"begin", options_of(kind_, staleness_)}};
    } else {
        body["transaction"] = json::object{{"id", transaction_}};
    }
    if (kind_ == Kind::ReadWrite) body["seqno"] = std::to_string(++sequence_);
    return body;
}

void Session::note_transaction(json::object const& result_set) {
    auto const* const metadata = gcp::object_of(result_set, "metadata");
    auto const* const begun =
        metadata == nullptr ? nullptr : gcp::object_of(*metadata, "transaction");
    if (begun != nullptr) transaction_ = gcp::text_of(*begun, "id");
}

gcp::Outcome<Answer> Session::execute(Context const& context, std::string_view sql,
                                      Parameters const& parameters) {
    // Sent again, one that begins would begin a second transaction beside the first, which holds
    // locks.
    bool const may_repeat = kind_ == Kind::ReadOnly || !transaction_.empty();
    auto const answer =
        TRY(call(context, "executeSql", in_transaction(statement_json(sql, parameters)),
                 may_repeat ? gcp::Idempotent::Yes : gcp::Idempotent::No));
    if (transaction_.empty()) note_transaction(answer);
    return TRY(read_result_set(answer));
}

gcp::Outcome<std::vector<std::int64_t>> Session::execute_batch(
    Context const& context, std::span<Statement const> statements) {
    json::array all;
    for (auto const& statement : statements) {
        all.push_back(statement_json(statement.sql, statement.parameters));
    }
    auto const may_repeat = transaction_.empty() ? gcp::Idempotent::No : gcp::Idempotent::Yes;
    auto const answer = TRY(call(context, "executeBatchDml",
                                 in_transaction({{"statements", std::move(all)}}), may_repeat));
    std::vector<std::int64_t> counts;
    for (auto const& result_set : gcp::array_of(answer, "resultSets")) {
        if (!result_set.is_object()) continue;
        if (transaction_.empty()) note_transaction(result_set.get_object());
        counts.push_back(TRY(read_result_set(result_set.get_object())).changed);
    }
    auto const* const status = gcp::object_of(answer, "status");
    if (status != nullptr && gcp::integer_of(*status, "code").value_or(0) != 0) {
        return gcp::read_operation_error(fmt::format("statement {} of a batch", counts.size() + 1),
                                         *status);
    }
    if (counts.size() != statements.size()) {
        return Error(ErrorCode::DataLoss, "Cloud Spanner did not answer to every statement");
    }
    return counts;
}

gcp::Outcome<gcp::Done> Session::commit(Context const& context) {
    if (transaction_.empty()) return gcp::Done();
    TRY(call(context, "commit", {{"transactionId", transaction_}}, gcp::Idempotent::Yes));
    transaction_.clear();
    return gcp::Done();
}

void Session::roll_back(Context const& context) {
    if (transaction_.empty()) return;
    // Also when the context is over: others wait for the locks.
    Context const goodbye(context.clock(), Deadline::after(context.clock(), kGoodbyeTime), {});
    (void)call(goodbye, "rollback", {{"transactionId", transaction_}}, gcp::Idempotent::No);
    transaction_.clear();
}

void Session::remove(Context const& context) {
    (void)google_.call(context.within(kGoodbyeTime),
                       {.api = kApi, .method = "DELETE", .path = fmt::format("/v1/{}", name_)});
}

}  // namespace aipress::sql::spanner
