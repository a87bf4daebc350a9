#include "sandbox/service.h"

#include <charconv>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/assert.h"
#include "base/log.h"
#include "http/base64.h"

namespace aipress::sandbox {

std::string const& Call::path_parameter(std::string_view name) const {
    auto const found = path.find(name);
    ASSERT(found != path.end());
    return found->second;
}

std::string Call::query(std::string_view name) const {
    return std::string(request.parameter(name).value_or(""));
}

bool Call::flag(std::string_view name) const {
    auto const value = request.parameter(name);
    return value == "true" || value == "True";
}

Outcome<std::size_t> Call::page_size(std::string_view name, std::size_t otherwise,
                                     std::size_t most) const {
    auto const text = query(name);
    if (text.empty()) return otherwise;
    long long wanted = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), wanted);
    if (failure != std::errc() || end != text.data() + text.size() || wanted < 0) {
        return ApiError{.code = ErrorCode::InvalidArgument,
                        .message = fmt::format("Invalid value '{}' for {}", text, name)};
    }
    if (wanted == 0) return otherwise;
    return std::min(static_cast<std::size_t>(wanted), most);
}

std::string Call::origin() const {
    return request.scheme + "://" + request.authority;
}

ApiError internal_error(std::exception const& thrown) {
    log::error("a request could not be answered: {}", thrown.what());
    return {.code = ErrorCode::Internal, .message = "Internal error encountered."};
}

void Methods::serve(std::string_view id, std::string_view version, MethodHandler const& handler) {
    bool is_known = false;
    for (auto const& api : catalogue_.apis()) {
        if (!version.empty() && api.version != version) continue;
        for (auto const& method : api.methods) {
            if (method.id != id) continue;
            handlers_[&method] = handler;
            is_known = true;
        }
    }
    ASSERT(is_known);
}

MethodHandler const* Methods::find(Method const& method) const {
    auto const found = handlers_.find(&method);
    return found == handlers_.end() ? nullptr : &found->second;
}

std::string text_field(boost::json::object const& fields, std::string_view name) {
    auto const* const value = fields.if_contains(name);
    return value == nullptr || value->is_null() ? "" : std::string(value->as_string());
}

std::string timestamp(WallTime time) {
    auto const micros =
        std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z",
                       fmt::gmtime(static_cast<std::time_t>(micros / 1'000'000)),
                       micros % 1'000'000);
}

std::int64_t milliseconds_of(WallTime time) {
    return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

std::string page_token(std::string_view next) {
    return next.empty() ? "" : http::encode_base64(next);
}

Outcome<std::string> page_start(std::string_view token) {
    if (token.empty()) return std::string();
    auto start = http::decode_base64(token);
    if (!start) {
        return ApiError{.code = ErrorCode::InvalidArgument,
                        .message = "The page token is not one that this server gave.",
                        .legacy_reason = "invalid"};
    }
    return std::move(*start);
}

}  // namespace aipress::sandbox
