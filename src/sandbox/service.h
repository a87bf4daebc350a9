// What a method's handler is given, and what it gives back.
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "http/request.h"
#include "http/response.h"
#include "sandbox/catalogue.h"
#include "sandbox/outcome.h"
#include "sandbox/store.h"

namespace aipress::sandbox {

struct OperationFault;

struct Call {
    http::Request const& request;
    http::BodyReader& body;  // read already, unless it is an upload
    Method const& method;
    PathParameters const& path;
    bool is_upload = false;
    boost::json::value content;       // of its shape; an empty object when none was sent
    std::string principal;            // who asks: an e-mail address; empty: nobody said
    OperationFault* fault = nullptr;  // of the operation that it starts; see operation_fault.h

    // REQUIRES: a parameter of the method's path.
    [[nodiscard]] std::string const& path_parameter(std::string_view name) const;
    // "" when it was not given.
    [[nodiscard]] std::string query(std::string_view name) const;
    // Whether it was given as true; Python's clients write "True".
    [[nodiscard]] bool flag(std::string_view name) const;
    // A number from 1 to `most`; `otherwise` when it was not given. Errors: InvalidArgument.
    [[nodiscard]] Outcome<std::size_t> page_size(std::string_view name, std::size_t otherwise,
                                                 std::size_t most) const;
    // The content as an object.
    [[nodiscard]] boost::json::object const& fields() const { return content.as_object(); }
    // "http://127.0.0.1:8480", as the client spells this server.
    [[nodiscard]] std::string origin() const;
};

// JSON is answered with 200; `fields` and the like are the caller's business.
using Reply = std::variant<boost::json::value, http::Response>;
using MethodHandler = std::function<Outcome<Reply>(Call&)>;
// Whether the project that is asked for has the API switched on, and quota left.
using Admission = std::function<Outcome<Done>(Call const&)>;

// Which methods are served, and by what. Filled before the first request, hence thread safe then.
class Methods {
public:
    explicit Methods(Catalogue const& catalogue) : catalogue_(catalogue) {}

    // REQUIRES: a method of the catalogue ("" for any version: all of that id).
    void serve(std::string_view id, std::string_view version, MethodHandler const& handler);
    [[nodiscard]] MethodHandler const* find(Method const& method) const;

private:
    Catalogue const& catalogue_;
    std::map<Method const*, MethodHandler> handlers_;
};

[[nodiscard]] inline Outcome<Reply> reply(boost::json::value value) {
    return Reply(std::move(value));
}

// What a library threw at a value that no check foresaw; it is logged. One request fails by it, and
// the others go on.
[[nodiscard]] ApiError internal_error(std::exception const& thrown);

// What `work` returns, or that error.
template <typename T>
[[nodiscard]] Outcome<T> caught(std::function<Outcome<T>()> const& work) {
    try {
        return work();
    } catch (std::exception const& thrown) {
        return internal_error(thrown);
    }
}

// One transaction: what `work` returns, and all it did when that is no error, nothing otherwise.
template <typename T>
[[nodiscard]] Outcome<T> write(Store& store, std::function<Outcome<T>(Transaction&)> const& work) {
    std::optional<Outcome<T>> outcome;
    auto const written = store.write([&](Transaction& transaction) -> Result<void> {
        outcome.emplace(caught<T>([&] { return work(transaction); }));
        if (outcome->ok()) return {};
        return Error(ErrorCode::Cancelled, "undone");
    });
    if (outcome && !outcome->ok()) return std::move(*outcome);
    if (!written.ok()) return written.error();
    return std::move(*outcome);
}

template <typename T>
[[nodiscard]] Outcome<T> read(Store const& store,
                              std::function<Outcome<T>(Transaction&)> const& work) {
    std::optional<Outcome<T>> outcome;
    auto const done = store.read([&](Transaction& transaction) -> Result<void> {
        outcome.emplace(caught<T>([&] { return work(transaction); }));
        return {};
    });
    if (!done.ok()) return done.error();
    return std::move(*outcome);
}

// A string member; "" when it is not there, or null. REQUIRES: a shape that says it is one.
[[nodiscard]] std::string text_field(boost::json::object const& fields, std::string_view name);

// "2026-11-25T18:30:00.123456Z"
[[nodiscard]] std::string timestamp(WallTime time);

// Since 1970, as the store keeps times that are compared.
[[nodiscard]] std::int64_t milliseconds_of(WallTime time);

// A token that only this server reads: where the next page begins. Errors: InvalidArgument.
[[nodiscard]] std::string page_token(std::string_view next);
[[nodiscard]] Outcome<std::string> page_start(std::string_view token);

}  // namespace aipress::sandbox
