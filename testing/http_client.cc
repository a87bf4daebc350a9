#include "testing/http_client.h"

#include <boost/json/parse.hpp>
#include <curl/curl.h>
#include <fmt/format.h>
#include <strings.h>

#include "base/assert.h"

namespace aipress::testing {
namespace {

namespace json = boost::json;

constexpr long kTimeoutSeconds = 120;

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* answer) {
    static_cast<HttpAnswer*>(answer)->text.append(data, size * count);
    return size * count;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* answer) {
    std::string_view const line(data, size * count);
    auto const colon = line.find(':');
    if (colon != line.npos) {
        auto value = line.substr(colon + 1);
        value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
        value = value.substr(0, value.find_last_not_of("\r\n ") + 1);
        static_cast<HttpAnswer*>(answer)->headers.emplace_back(line.substr(0, colon), value);
    }
    return size * count;
}

}  // namespace

std::string HttpAnswer::header(std::string_view name) const {
    for (auto const& [key, value] : headers) {
        if (key.size() == name.size() && ::strncasecmp(key.data(), name.data(), name.size()) == 0) {
            return value;
        }
    }
    return "";
}

std::string HttpAnswer::reason() const {
    boost::system::error_code failure;
    auto const* found = body.find_pointer("/error/details/0/reason", failure);
    if (found == nullptr) found = body.find_pointer("/error/errors/0/reason", failure);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : "";
}

std::string form_text(std::vector<std::pair<std::string, std::string>> const& form) {
    std::string text;
    for (auto const& [name, value] : form) {
        char* escaped = curl_easy_escape(nullptr, value.c_str(), static_cast<int>(value.size()));
        text += (text.empty() ? "" : "&") + name + "=" + escaped;
        curl_free(escaped);
    }
    return text;
}

struct HttpClient::Impl {
    CURL* handle = curl_easy_init();
};

HttpClient::HttpClient() : impl_(std::make_unique<Impl>()) {
    ASSERT(impl_->handle);
}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() {
    if (impl_) curl_easy_cleanup(impl_->handle);
}

HttpAnswer HttpClient::send(Request const& request) {
    auto* const handle = impl_->handle;
    HttpAnswer answer;
    curl_easy_reset(handle);  // the connection stays
    curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.verb.c_str());
    if (request.verb == "HEAD") curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    if (!request.body.empty() || request.verb == "POST" || request.verb == "PUT") {
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(request.body.size()));
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
    }
    curl_slist* headers = curl_slist_append(nullptr, "Expect:");
    for (auto const& [name, value] : request.headers) {
        headers = curl_slist_append(headers, fmt::format("{}: {}", name, value).c_str());
    }
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &answer);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    curl_easy_setopt(handle, CURLOPT_TIMEOUT, kTimeoutSeconds);
    auto const code = curl_easy_perform(handle);
    curl_slist_free_all(headers);
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    answer.status = code == CURLE_OK ? static_cast<int>(status) : 0;
    if (code != CURLE_OK) answer.error = curl_easy_strerror(code);
    boost::system::error_code failure;
    if (answer.header("Content-Type").starts_with("application/json") &&
        answer.header("Content-Encoding").empty()) {
        answer.body = json::parse(answer.text, failure);
    }
    return answer;
}

}  // namespace aipress::testing
