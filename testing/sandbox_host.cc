#include "testing/sandbox_host.h"

#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <stdexcept>

#include "sandbox/catalogue.h"
#include "testing/must.h"
#include "testing/served_methods.h"

namespace aipress::testing {
namespace {

namespace json = boost::json;

sandbox::Catalogue const& catalogue() {
    static sandbox::Catalogue const all;
    return all;
}

void check_answer(std::string_view host, std::string_view verb, std::string_view path,
                  HttpAnswer const& answer) {
    auto const matched = catalogue().match(host, verb, path.substr(0, path.find('?')));
    if (!matched || answer.status / 100 != 2 || !answer.body.is_object()) return;
    auto const& api = *matched->method->api;
    auto const shape = api.shapes.find(matched->method->response);
    bool const is_partial = path.find("fields=") != path.npos;
    if (shape == api.shapes.end() || is_partial) return;
    auto body = answer.body;
    auto const violations = sandbox::check_shape(api.shapes, shape->second, body);
    if (violations.empty()) return;
    throw std::runtime_error(fmt::format("the answer to {} {} is not a {}: {}\n{}", verb, path,
                                         matched->method->response, violations[0].description,
                                         answer.text));
}

}  // namespace

SandboxHost::SandboxHost(Clock& clock, sandbox::SandboxOptions options)
    : folder_(must(TemporaryDirectory::make())), clock_(clock), options_(std::move(options)) {
    options_.data = data();
    restart();
}

SandboxHost::~SandboxHost() {
    record_served_methods(data());
}

void SandboxHost::restart() {
    sandbox_.reset();
    sandbox_ = std::make_unique<sandbox::Sandbox>(must(sandbox::Sandbox::start(options_, clock_)));
}

std::string SandboxHost::url() const {
    return fmt::format("http://127.0.0.1:{}", port());
}

HttpAnswer SandboxHost::call(std::string const& verb, std::string_view path, std::string body,
                             HttpHeaders headers) {
    std::string host = "127.0.0.1";
    if (path.starts_with("//")) {
        auto const slash = path.find('/', 2);
        host = path.substr(2, slash - 2);
        path = path.substr(slash);
        headers.emplace_back("Host", host);
    }
    headers.emplace_back("Authorization", "Bearer ya29.test");
    auto answer = client_.send({.verb = verb,
                                .url = url() + std::string(path),
                                .body = std::move(body),
                                .headers = std::move(headers)});
    check_answer(host, verb, path, answer);
    return answer;
}

HttpAnswer SandboxHost::post(std::string_view path, json::value const& body) {
    return call("POST", path, json::serialize(body), {{"Content-Type", "application/json"}});
}

HttpAnswer SandboxHost::patch(std::string_view path, json::value const& body) {
    return call("PATCH", path, json::serialize(body), {{"Content-Type", "application/json"}});
}

HttpAnswer SandboxHost::put(std::string_view path, json::value const& body) {
    return call("PUT", path, json::serialize(body), {{"Content-Type", "application/json"}});
}

}  // namespace aipress::testing
