#include "testing/rehearsal/http_visit.h"

#include <cctype>
#include <curl/curl.h>

#include "base/assert.h"

namespace aipress::rehearsal {
namespace {

constexpr long kTimeoutSeconds = 60;

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* page) {
    static_cast<Page*>(page)->body.append(data, size * count);
    return size * count;
}

bool starts_with_ignoring_case(std::string_view text, std::string_view prefix) {
    if (text.size() < prefix.size()) return false;
    for (std::size_t i = 0; i < prefix.size(); ++i)
        if (std::tolower(static_cast<unsigned char>(text[i])) != prefix[i]) return false;
    return true;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* page) {
    std::string_view line(data, size * count);
    auto const value_of = [&](std::string_view name) {
        auto value = line.substr(name.size());
        value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
        return std::string(value.substr(0, value.find_last_not_of("\r\n ") + 1));
    };
    auto& result = *static_cast<Page*>(page);
    if (starts_with_ignoring_case(line, "location:")) result.location = value_of("location:");
    if (starts_with_ignoring_case(line, "x-database:")) result.database = value_of("x-database:");
    return size * count;
}

}  // namespace

struct Browser::Impl {
    CURL* handle = curl_easy_init();

    Page perform() {
        Page page;
        curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(handle, CURLOPT_WRITEDATA, &page);
        curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(handle, CURLOPT_HEADERDATA, &page);
        curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(handle, CURLOPT_PROXY, "");
        curl_easy_setopt(handle, CURLOPT_TIMEOUT, kTimeoutSeconds);
        auto const started = std::chrono::steady_clock::now();
        auto const code = curl_easy_perform(handle);
        page.took = elapsed_ms(started, std::chrono::steady_clock::now());
        long status = 0;
        curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
        page.status = code == CURLE_OK ? static_cast<int>(status) : 0;
        if (code != CURLE_OK) page.error = curl_easy_strerror(code);
        return page;
    }
};

Browser::Browser() : impl_(std::make_unique<Impl>()) {
    ASSERT(impl_->handle);
}
Browser::Browser(Browser&&) noexcept = default;
Browser::~Browser() {
    if (impl_) curl_easy_cleanup(impl_->handle);
}

Page Browser::get(std::string const& url) {
    curl_easy_setopt(impl_->handle, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(impl_->handle, CURLOPT_URL, url.c_str());
    return impl_->perform();
}

Page Browser::post(std::string const& url,
                   std::vector<std::pair<std::string, std::string>> const& form) {
    std::string body;
    for (auto const& [name, value] : form) {
        char* escaped =
            curl_easy_escape(impl_->handle, value.c_str(), static_cast<int>(value.size()));
        body += (body.empty() ? "" : "&") + name + "=" + escaped;
        curl_free(escaped);
    }
    curl_easy_setopt(impl_->handle, CURLOPT_URL, url.c_str());
    curl_easy_setopt(impl_->handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(impl_->handle, CURLOPT_COPYPOSTFIELDS, body.c_str());
    return impl_->perform();
}

}  // namespace aipress::rehearsal
