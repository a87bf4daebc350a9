#include "sandbox/frontend.h"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <fmt/format.h>

#include "base/utf8.h"
#include "sandbox/answer_form.h"
#include "sandbox/batch.h"
#include "sandbox/enumerators.h"
#include "sandbox/fault_requests.h"
#include "sandbox/gzip.h"
#include "sandbox/limits.h"
#include "sandbox/partial_response.h"
#include "sandbox/request_spelling.h"
#include "sandbox/stale_lists.h"

namespace aipress::sandbox {
namespace {

namespace json = boost::json;

// Google's system parameters: https://cloud.google.com/apis/docs/system-parameters
constexpr std::array<std::string_view, 22> kSystemParameters{
    "$alt",           "$.xgafv",      "$fields",
    "$key",           "$prettyPrint", "$quotaUser",
    "$callback",      "$userProject", "alt",
    "fields",         "key",          "prettyPrint",
    "access_token",   "oauth_token",  "callback",
    "quotaUser",      "userProject",  "userIp",
    "uploadType",     "upload_id",    "$outputDefaults",
    "upload_protocol"};
// The parts of a field's path as a query parameter: "options.requestedPolicyVersion".
bool is_known(Method const& method, std::string_view name) {
    return method.query.contains(name) ||
           std::find(kSystemParameters.begin(), kSystemParameters.end(), name) !=
               kSystemParameters.end();
}

bool is_of_kind(Shape const& shape, std::string_view text) {
    if (shape.kind == Shape::Kind::Boolean)
        return text == "true" || text == "false" || text == "True" || text == "False";
    if (shape.kind != Shape::Kind::Integer) return true;
    long long number = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    return failure == std::errc() && end == text.data() + text.size();
}

// They end in JSON, here or in the store.
Outcome<Done> check_characters(http::Request const& request, PathParameters const& path) {
    for (auto const& [name, value] : path) {
        if (!is_utf8(value)) return invalid_body({{name, name + " is not valid UTF-8."}});
    }
    for (auto const& [name, value] : request.parameters) {
        if (!is_utf8(name) || !is_utf8(value)) {
            return invalid_body({{"", "A query parameter is not valid UTF-8."}});
        }
    }
    return Done();
}

// The older APIs let what they do not know pass.
Outcome<Done> check_parameters(Method const& method, http::Request const& request) {
    bool const is_strict = error_style_of(method.api->service) == ErrorStyle::Rpc;
    std::vector<Violation> violations;
    for (auto const& [name, value] : request.parameters) {
        if (!is_known(method, name)) {
            if (!is_strict) continue;
            violations.push_back(
                {"", fmt::format("Invalid JSON payload received. Unknown name \"{}\": Cannot bind "
                                 "query parameter. Field '{}' could not be found in request "
                                 "message.",
                                 name, name)});
        } else if (auto const shape = method.query.find(name);
                   shape != method.query.end() && !is_of_kind(shape->second, value)) {
            bool const is_number = shape->second.kind == Shape::Kind::Integer;
            violations.push_back(
                {name, fmt::format("Invalid value at '{}' ({}), \"{}\"", name,
                                   is_number ? "TYPE_INT32" : "TYPE_BOOL", value)});
        }
    }
    if (!violations.empty()) return invalid_body(violations);
    return Done();
}

ApiError invalid_json(std::string_view why) {
    return {.code = ErrorCode::InvalidArgument,
            .message = fmt::format("Invalid JSON payload received. {}", why),
            .legacy_reason = "parseError"};
}

Outcome<std::string> read_content(http::Request const& request, http::BodyReader& body) {
    auto const too_large =
        ApiError{.code = ErrorCode::InvalidArgument,
                 .message = fmt::format("Request payload size exceeds the limit: {} bytes.",
                                        limits::kContentBytes),
                 .legacy_reason = "uploadTooLarge"};
    if (request.content_length.value_or(0) > limits::kContentBytes) return too_large;
    auto text = body.read_all(limits::kContentBytes);
    if (!text.ok() && text.error().code() == ErrorCode::ResourceExhausted) return too_large;
    if (!text.ok()) return text.error();
    if (!request.headers.has_token("Content-Encoding", "gzip")) return text.release();
    auto plain = decompress_gzip(text.value(), limits::kContentBytes);
    if (plain.ok()) return plain.release();
    if (plain.error().code() == ErrorCode::ResourceExhausted) return too_large;
    return invalid_json("The body is " + plain.error().message() + ".");
}

// Google's own clients repeat the path's parameters in the body.
void drop_path_parameters(json::value& content, PathParameters const& path, Shape const& shape) {
    if (!content.is_object()) return;
    for (auto const& [name, value] : path) {
        if (!shape.fields.contains(name)) content.get_object().erase(name);
    }
}

Outcome<json::value> parse_content(Method const& method, PathParameters const& path,
                                   std::string_view text) {
    if (text.find_first_not_of(" \t\r\n") == text.npos) return json::value(json::object());
    boost::system::error_code failure;
    auto content = json::parse(text, failure);
    if (failure) return invalid_json(failure.message());
    auto const shape = method.api->shapes.find(method.request);
    // A method that takes nothing, or null for nothing.
    if (shape == method.api->shapes.end() || content.is_null()) return json::value(json::object());
    drop_path_parameters(content, path, shape->second);
    auto const violations = check_shape(method.api->shapes, shape->second, content);
    if (!violations.empty()) return invalid_body(violations);
    // To a patch null says that the member goes; to all others nothing.
    if (method.verb != "PATCH") drop_nulls(content);
    return content;
}

Outcome<http::Response> finish(Method const& method, http::Request const& request, Reply reply) {
    if (auto* const response = std::get_if<http::Response>(&reply)) return std::move(*response);
    auto& value = std::get<json::value>(reply);
    auto const& shapes = method.api->shapes;
    if (auto const shape = shapes.find(method.response);
        shape != shapes.end() && wants_numbers(request)) {
        number_enumerators(shapes, shape->second, value);
    }
    auto const fields = request.parameter("fields");
    if (auto const wanted = fields ? fields : request.parameter("$fields")) {
        auto const parsed = PartialResponse::parse(*wanted);
        if (!parsed.ok()) return parsed.error();
        parsed.value().apply(value);
    }
    http::Response response;
    response.headers.add("Content-Type", "application/json; charset=UTF-8");
    response.headers.add("Vary", "Origin, X-Origin, Referer");
    response.body = json::serialize(value) + "\n";
    return response;
}

// Whoever asks Cloud Storage for bytes is told in plain words why there are none.
http::Response error_response(ApiError const& error, ErrorStyle style, Method const* method,
                              http::Request const& request) {
    auto response = error.response(style);
    bool const is_media = method != nullptr && method->api->service == "storage" &&
                          request.parameter("alt") == "media";
    if (!is_media) return response;
    response.headers.set("Content-Type", "text/html; charset=UTF-8");
    response.body = error.message;
    return response;
}

std::uint64_t body_bytes(http::Response const& response) {
    if (auto const* text = std::get_if<std::string>(&response.body)) return text->size();
    if (auto const* range = std::get_if<http::FileRange>(&response.body)) return range->length;
    return std::get<http::BodySource>(response.body).length.value_or(0);
}

}  // namespace

struct Frontend::Asked {
    std::string method = {};   // its id
    std::string version = {};  // of its API
    std::string principal = {};
    std::string error = {};
    FaultRule const* fault = nullptr;  // that it has met, and that has shown
};

http::Response Frontend::handle(http::Request const& original, http::BodyReader& body) {
    auto const began = clock_.now();
    auto const time = timestamp(clock_.wall_now());
    auto const plain = plain_request(original);
    auto const& request = plain ? *plain : original;
    Asked asked;
    auto response =
        is_batch(request)
            ? answer_batch(request, body,
                           [this](http::Request const& part, http::BodyReader& content) {
                               return handle(part, content);
                           })
            : answer(request, body, asked);
    compress(request, response);
    if (asked.fault != nullptr) {
        faults_.delay(*asked.fault);
        cut(*asked.fault, request, response);
    }
    json::object entry{{"time", time},
                       {"verb", request.method},
                       {"host", request.host},
                       {"path", original.path},
                       {"query", request.query},
                       {"method", asked.method},
                       {"version", asked.version},
                       {"principal", asked.principal},
                       {"status", response.status},
                       {"duration_ms", elapsed_ms(began, clock_.now()).count()},
                       {"response_bytes", body_bytes(response)}};
    if (!asked.error.empty()) entry["error"] = asked.error;
    if (asked.fault != nullptr) entry["fault"] = to_string(asked.fault->kind);
    journal_.add(std::move(entry));
    return response;
}

http::Response Frontend::answer(http::Request const& request, http::BodyReader& body,
                                Asked& asked) {
    if (auto token = credentials_.answer(request, body)) return std::move(*token);
    if (auto fault = answer_fault_request(faults_, request, body)) return std::move(*fault);
    auto const matched =
        catalogue_.match(request.host, request.method, request.path,
                         [this](Method const& method) { return methods_.find(method) != nullptr; });
    if (auto other = other_api_(request, body, matched.has_value())) {
        asked = {.method = std::move(other->method),
                 .principal = std::move(other->principal),
                 .error = std::move(other->error),
                 .fault = other->fault};
        return std::move(other->response);
    }
    auto style = ErrorStyle::Rpc;
    Outcome<http::Response> outcome =
        ApiError{.code = ErrorCode::NotFound, .message = "Method not found."};
    if (matched) {
        style = error_style_of(matched->method->api->service);
        asked.method = matched->method->id;
        asked.version = matched->method->api->version;
        outcome = serve(request, body, *matched, asked);
    }
    http::Response response;
    if (outcome.ok()) {
        response = outcome.release();
    } else {
        auto const error = outcome.release_error();
        asked.error = error.message;
        response = error_response(error, style, matched ? matched->method : nullptr, request);
    }
    lay_out(request, response);
    return response;
}

Outcome<http::Response> Frontend::serve(http::Request const& request, http::BodyReader& body,
                                        MatchedMethod const& matched, Asked& asked) {
    auto const& method = *matched.method;
    auto const* const handler = methods_.find(method);
    if (handler == nullptr) {
        return ApiError{.code = ErrorCode::NotFound,
                        .message = fmt::format("{} {} is an API method that this sandbox does not "
                                               "serve.",
                                               method.id, method.api->version)};
    }
    asked.principal = TRY(credentials_.principal_of(request));
    bool const is_anonymous = asked.principal.empty();
    if (is_anonymous && method.api->service != "storage") {
        return ApiError{
            .code = ErrorCode::Unauthenticated,
            .message =
                "Request is missing required authentication credential. Expected OAuth 2 "
                "access token, login cookie or other valid authentication credential. See "
                "https://developers.google.com/identity/sign-in/web/devconsole-project.",
            .details = {error_info("CREDENTIALS_MISSING", "googleapis.com",
                                   {{"method", method.id}, {"service", method.api->host}})}};
    }
    TRY(check_form(request));
    TRY(check_characters(request, matched.parameters));
    auto const* const met = faults_.next(method, matched.parameters);
    if (met != nullptr) {
        auto refusal = refusal_of(*met, method.api->service);
        if (refusal || is_of_answer(met->kind)) asked.fault = met;
        if (refusal) return std::move(*refusal);
    }
    TRY(check_parameters(method, request));
    Call call{.request = request,
              .body = body,
              .method = method,
              .path = matched.parameters,
              .is_upload = matched.is_upload,
              .content = json::object(),
              .principal = asked.principal};
    if (!call.is_upload && request.method != "GET" && request.method != "HEAD") {
        call.content =
            TRY(parse_content(method, matched.parameters, TRY(read_content(request, body))));
    }
    TRY(admission_(call));
    return finish(method, request, TRY(run(call, *handler, met, asked)));
}

Outcome<Reply> Frontend::run(Call& call, MethodHandler const& handler, FaultRule const* met,
                             Asked& asked) {
    if (met == nullptr) return caught<Reply>([&] { return handler(call); });
    // What is counted names an instance: see Faults::next.
    bool const is_harmed =
        is_of_instance(met->kind) &&
        faults_.harm(met->kind, call.path_parameter("project"), call.path_parameter("instance"));
    auto fault = operation_fault_of(*met);
    if (fault) call.fault = &*fault;
    auto outcome = caught<Reply>([&] { return handler(call); });
    if (fault && fault->fail) outcome = write<Reply>(store_, fault->fail);
    if (is_harmed || (fault && fault->is_taken && outcome.ok())) asked.fault = met;
    if (met->kind != FaultKind::StaleList || !outcome.ok()) return outcome;
    auto shown = outcome.release();
    auto* const list = std::get_if<json::value>(&shown);
    auto const time = nanoseconds_of(clock_.wall_now() - met->delay);
    if (list != nullptr && drop_newer(*list, time)) asked.fault = met;
    return shown;
}

}  // namespace aipress::sandbox
