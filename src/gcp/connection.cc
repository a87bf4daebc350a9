#include "gcp/connection.h"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/log.h"
#include "gcp/fields.h"
#include "gcp/limits.h"
#include "json/fields.h"

namespace aipress::gcp {
namespace {

namespace json = boost::json;

bool is_read(Call const& call) {
    return call.method == "GET" || call.method == "HEAD";
}

// "POST storage.googleapis.com/storage/v1/b": no query, which may hold a secret.
std::string description(Call const& call) {
    if (!call.session_url.empty()) return fmt::format("{} {} (a session)", call.method, call.api);
    return fmt::format("{} {}{}", call.method, call.api, call.path);
}

bool is_idempotent(Call const& call) {
    return is_read(call) || call.idempotent == Idempotent::Yes;
}

// What a repeated call fails with when its first attempt was carried out.
bool may_be_own_doing(ApiError const& error) {
    return error.code() == ErrorCode::NotFound || error.code() == ErrorCode::AlreadyExists ||
           error.is_condition_not_met();
}

ApiError of_unknown_outcome(ApiError error) {
    static_cast<Error&>(error) =
        Error(error.code(), error.message() +
                                "; it is unknown whether it was carried out: look before "
                                "doing it again");
    return error;
}

ApiError after_attempts(ApiError error, unsigned attempts) {
    if (attempts < 2) return error;
    static_cast<Error&>(error) =
        Error(error.code(), fmt::format("{} (attempt {})", error.message(), attempts));
    return error;
}

}  // namespace

std::string Connection::endpoint(std::string const& api) const {
    for (auto const& name : {api, std::string()}) {
        if (auto const found = options_.endpoints.find(name); found != options_.endpoints.end()) {
            return found->second;
        }
    }
    return "https://" + api;
}

QuotaKey Connection::quota_key(Call const& call) const {
    auto const group = is_read(call) ? "read" : "mutate";
    return {.group = {.api = call.api, .name = call.quota_group.empty() ? group : call.quota_group},
            .project = call.quota_project.empty() ? options_.quota_project : call.quota_project,
            .user = options_.user,
            .region = call.region};
}

Outcome<http::ClientRequest> Connection::make_request(Call const& call) const {
    auto const base = endpoint(call.api);
    http::ClientRequest request{.method = call.method, .headers = call.headers};
    if (!call.session_url.empty()) {
        if (!call.session_url.starts_with(base + "/")) {
            return Error(ErrorCode::Internal,
                         fmt::format("{}: the session is not at {}", description(call), base));
        }
        request.url = call.session_url;
    } else {
        request.url = base + call.path;
        if (!call.query.empty()) request.url += "?" + http::form_text(call.query);
    }
    if (call.body) {
        request.body = json::serialize(*call.body);
        request.headers.set("Content-Type", "application/json; charset=UTF-8");
    } else if (!call.content_type.empty()) {
        request.body = call.content;
        request.headers.set("Content-Type", call.content_type);
    } else {
        request.body = call.content;
    }
    request.headers.set("User-Agent", options_.user_agent);
    auto const& project = call.quota_project.empty() ? options_.quota_project : call.quota_project;
    if (!project.empty()) request.headers.set("x-goog-user-project", project);
    // A silent second sending would hide that the first one may have been carried out.
    if (!is_read(call)) request.sending = http::ClientRequest::Sending::Once;
    return request;
}

// One answer; a refused token is renewed once.
Outcome<http::ClientResponse> Connection::attempt(Context const& context, Call const& call,
                                                  http::ClientRequest& request) const {
    for (bool is_renewed = false;; is_renewed = true) {
        auto const token = TRY(tokens_.token(context));
        request.headers.set("Authorization", "Bearer " + token.secret.reveal());
        auto const key = quota_key(call);
        auto const permit = TRY(quotas_.acquire(context, key));
        auto reply = transport_.send(context.within(limits::kAttemptTime), request);
        if (!reply.response.ok()) {
            auto error = reply.response.release_error();
            bool const is_hung = error.code() == ErrorCode::DeadlineExceeded && !context.expired();
            if (is_hung) error = Error(ErrorCode::Unavailable, error.message());
            return transport_error(std::move(error), reply.was_sent);
        }
        log::debug("{}: {}", description(call), reply.response->status);
        if (reply.response->status < 400) {
            quotas_.accepted(key, permit);
            return reply.response.release();
        }
        auto error = read_error(description(call), *reply.response);
        if (error.is_project_rate_limit()) {
            quotas_.refused(key, permit, error.retry_delay);
        } else if (error.http_status < 500) {
            quotas_.accepted(key, permit);
        }
        if (error.http_status != 401) return error;
        tokens_.refuse(token);
        if (is_renewed) return error;
    }
}

Outcome<Connection::Answer> Connection::run(Context const& context, Call const& call) const {
    auto request = TRY(make_request(call));
    bool is_unknown = false;  // an earlier attempt may have been carried out
    for (Retries retries(context, options_.retry);;) {
        auto outcome = attempt(context, call, request);
        if (outcome.ok()) return Answer{.response = outcome.release()};
        auto const error = outcome.release_error();
        if (is_unknown && call.check && may_be_own_doing(error)) {
            auto found = TRY(call.check(context));
            if (found) return Answer{.checked = std::move(found)};
            return after_attempts(error, retries.attempts());
        }
        bool const is_lost = error.retry == Retry::WhenIdempotent && !is_read(call);
        is_unknown = is_unknown || is_lost;
        bool const may_repeat = !is_lost || is_idempotent(call) || call.check;
        if (!may_repeat) return of_unknown_outcome(error);
        if (!retries.wait_after(error)) {
            auto const last = after_attempts(error, retries.attempts());
            return is_unknown ? of_unknown_outcome(last) : last;
        }
        // After the wait, in which an attempt that is still under way may come to its end.
        if (is_lost && !is_idempotent(call)) {
            auto found = TRY(call.check(context));
            if (found) return Answer{.checked = std::move(found)};
        }
    }
}

Outcome<json::object> Connection::call(Context const& context, Call const& call) const {
    auto answer = TRY(run(context, call));
    if (answer.checked) return std::move(*answer.checked);
    if (answer.response.body.find_first_not_of(" \r\n") == std::string::npos) return json::object();
    return TRY(aipress::json::parse_object(answer.response.body)
                   .in_context(description(call) + ": the answer"));
}

Outcome<http::ClientResponse> Connection::send(Context const& context, Call const& call) const {
    ASSERT(!call.check);
    return TRY(run(context, call)).response;
}

Outcome<Done> Connection::for_each(Context const& context, Call call, std::string_view field,
                                   Visitor const& visit) const {
    call.query.emplace_back("pageToken", "");
    auto& token = call.query.back().second;
    for (std::size_t page = 0; page < limits::kPagesMost; ++page) {
        auto asked = call;
        if (token.empty()) asked.query.pop_back();
        auto const answer = TRY(this->call(context, asked));
        if (auto const& places = array_of(answer, "unreachable"); !places.empty()) {
            return Error(ErrorCode::Unavailable,
                         fmt::format("{}: Google could not reach {}: try again later",
                                     description(call), json::serialize(places)));
        }
        for (auto const& item : array_of(answer, field)) {
            if (item.is_object()) TRY(visit(item.get_object()));
        }
        auto next = text_of(answer, "nextPageToken");
        if (next.empty()) return Done();
        if (next == token) break;
        token = std::move(next);
    }
    return Error(ErrorCode::Internal,
                 fmt::format("{}: the list's pages do not end", description(call)));
}

}  // namespace aipress::gcp
