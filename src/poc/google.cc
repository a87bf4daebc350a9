#include "poc/google.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace aipress::poc {
namespace {

namespace json = boost::json;

constexpr milliseconds kRequestTime{120'000};
constexpr milliseconds kOperationTime{300'000};
constexpr milliseconds kPollLeast{10};
constexpr milliseconds kPollMost{250};
constexpr milliseconds kBackoffLeast{100};
constexpr unsigned kAttempts = 6;

// google/rpc/code.proto, by its HTTP mapping.
ErrorCode code_of(int status) {
    switch (status) {
        case 400:
            return ErrorCode::InvalidArgument;
        case 401:
            return ErrorCode::Unauthenticated;
        case 403:
            return ErrorCode::PermissionDenied;
        case 404:
            return ErrorCode::NotFound;
        case 409:
            return ErrorCode::AlreadyExists;
        case 412:
            return ErrorCode::FailedPrecondition;
        case 429:
            return ErrorCode::ResourceExhausted;
        case 501:
            return ErrorCode::Unimplemented;
        case 503:
            return ErrorCode::Unavailable;
        case 504:
            return ErrorCode::DeadlineExceeded;
        default:
            return ErrorCode::Internal;
    }
}

bool is_worth_another(Result<http::ClientResponse> const& got) {
    if (!got.ok()) return got.error().code() == ErrorCode::Unavailable;
    auto const status = got.value().status;
    return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

json::value parsed(std::string const& text) {
    boost::system::error_code failure;
    auto value = json::parse(text, failure);
    return failure ? json::value(nullptr) : value;
}

Error refusal(std::string_view method, std::string_view path,
              http::ClientResponse const& response) {
    auto message = text_at(parsed(response.body), "/error/message");
    if (message.empty()) message = response.body.substr(0, 200);
    return {code_of(response.status),
            fmt::format("{} {}: {} {}", method, path, response.status, message)};
}

bool is_done(json::value const& operation) {
    boost::system::error_code failure;
    auto const* const done = operation.find_pointer("/done", failure);
    if (done != nullptr && done->is_bool() && done->get_bool()) return true;
    auto const status = text_at(operation, "/status");
    return status == "DONE" || status == "done";
}

}  // namespace

std::string text_at(json::value const& value, std::string_view pointer) {
    boost::system::error_code failure;
    auto const* const found = value.find_pointer(pointer, failure);
    if (found == nullptr || found->is_null()) return "";
    return found->is_string() ? std::string(found->get_string()) : json::serialize(*found);
}

Result<http::ClientResponse> Google::send(Sent sent) {
    auto const slash = sent.path.find('/');
    http::ClientRequest request{
        .method = std::string(sent.method),
        .url = fmt::format("http://127.0.0.1:{}{}", ports_.apis, sent.path.substr(slash)),
        .headers = {{"Host", std::string(sent.path.substr(0, slash))},
                    {"Authorization", "Bearer ya29.seed-poc"}},
        .body = std::move(sent.body)};
    if (!sent.type.empty()) request.headers.add("Content-Type", std::string(sent.type));
    auto backoff = kBackoffLeast;
    for (unsigned attempt = 1;; ++attempt) {
        ++requests_;
        auto got = apis_.send(context_.within(kRequestTime), request);
        if (attempt == kAttempts || !is_worth_another(got)) return got;
        if (!context_.sleep(backoff)) return Error(ErrorCode::Cancelled, "called off");
        backoff *= 2;
    }
}

Result<json::value> Google::call(Sent sent) {
    auto const method = sent.method;
    auto const path = sent.path;
    auto const response = TRY(send(std::move(sent)));
    if (response.status / 100 != 2) return refusal(method, path, response);
    return parsed(response.body);
}

Result<json::value> Google::get(std::string_view path) {
    return call({.method = "GET", .path = path});
}

Result<std::optional<json::value>> Google::find(std::string_view path) {
    auto found = get(path);
    if (found.ok()) return std::optional<json::value>(found.release());
    if (found.error().code() == ErrorCode::NotFound) return std::optional<json::value>();
    return found.release_error();
}

Result<json::value> Google::post(std::string_view path, json::value const& body) {
    return call({.method = "POST",
                 .path = path,
                 .type = "application/json",
                 .body = json::serialize(body)});
}

Result<json::value> Google::put(std::string_view path, json::value const& body) {
    return call(
        {.method = "PUT", .path = path, .type = "application/json", .body = json::serialize(body)});
}

Result<Made> Google::make(std::string_view path, json::value const& body) {
    auto made = post(path, body);
    if (made.ok()) return Made::Now;
    if (made.error().code() == ErrorCode::AlreadyExists) return Made::Before;
    return made.release_error();
}

Result<Made> Google::upload(std::string_view bucket, std::string_view name, std::string_view type,
                            std::string bytes) {
    auto const path = fmt::format(
        "storage.googleapis.com/upload/storage/v1/b/{}/o?uploadType=media&ifGenerationMatch=0"
        "&name={}",
        bucket, http::percent_encoded(name));
    auto made = call({.method = "POST", .path = path, .type = type, .body = std::move(bytes)});
    if (made.ok()) return Made::Now;
    if (made.error().code() == ErrorCode::FailedPrecondition) return Made::Before;
    return made.release_error();
}

Result<void> Google::remove(std::string_view path) {
    TRY(call({.method = "DELETE", .path = path}));
    return {};
}

Result<json::value> Google::wait(std::string_view path) {
    auto const deadline = Deadline::after(context_.clock(), kOperationTime);
    auto pause = kPollLeast;
    for (;;) {
        auto operation = TRY(get(path));
        if (is_done(operation)) {
            auto message = text_at(operation, "/error/message");
            if (message.empty()) message = text_at(operation, "/error/errors/0/message");
            if (message.empty()) message = text_at(operation, "/error");
            if (message.empty()) return operation;
            return Error(ErrorCode::Internal, fmt::format("{}: {}", path, message));
        }
        if (deadline.passed(context_.clock())) {
            return Error(ErrorCode::DeadlineExceeded, fmt::format("{} is not done in time", path));
        }
        if (!context_.sleep(pause)) return Error(ErrorCode::Cancelled, "called off");
        pause = std::min(pause * 3 / 2, kPollMost);
    }
}

Result<http::ClientResponse> Google::visit(std::string const& host, http::ClientRequest request) {
    request.url = fmt::format("http://127.0.0.1:{}{}", ports_.sites, request.url);
    request.headers.add("Host", host);
    ++requests_;
    return sites_.send(context_.within(kRequestTime), request);
}

}  // namespace aipress::poc
