#include "http/client.h"

#include <algorithm>
#include <curl/curl.h>
#include <fmt/format.h>
#include <limits>
#include <mutex>

#include "base/assert.h"
#include "http/limits.h"

namespace aipress::http {
namespace {

// Counts the times that a request begins to be sent.
struct Sender {
    unsigned count = 0;
    bool is_once = false;
};

int before_request(void* sender_pointer, char*, char*, int, int) {
    auto& sender = *static_cast<Sender*>(sender_pointer);
    if (sender.is_once && sender.count > 0) return CURL_PREREQFUNC_ABORT;
    ++sender.count;
    return CURL_PREREQFUNC_OK;
}

struct Receiver {
    ClientResponse response = {};
    bool is_too_large = false;
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* receiver_pointer) {
    auto& receiver = *static_cast<Receiver*>(receiver_pointer);
    if (receiver.response.body.size() + size * count > limits::kAnswerBytes) {
        receiver.is_too_large = true;
        return 0;
    }
    receiver.response.body.append(data, size * count);
    return size * count;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* receiver_pointer) {
    auto& receiver = *static_cast<Receiver*>(receiver_pointer);
    std::string_view const line(data, size * count);
    // A "100 Continue" and the answer behind it: only the last one's count.
    if (line.starts_with("HTTP/")) receiver.response.headers = {};
    auto const colon = line.find(':');
    if (colon != line.npos) {
        auto value = line.substr(colon + 1);
        value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
        value = value.substr(0, value.find_last_not_of("\r\n ") + 1);
        receiver.response.headers.add(std::string(line.substr(0, colon)), std::string(value));
    }
    return size * count;
}

// libcurl asks several times a second, also while nothing comes.
int on_progress(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<Context const*>(context)->stopped() ? 1 : 0;
}

Error error_of(CURLcode code, Receiver const& receiver, ClientRequest const& request,
               bool is_stopped) {
    auto const received = receiver.response.body.size();
    // A query may hold a secret: an upload's id.
    auto const text = fmt::format(
        "{} {}: {}{}", request.method, request.url.substr(0, request.url.find('?')),
        receiver.is_too_large ? "the answer is larger than the limit" : curl_easy_strerror(code),
        received == 0 ? "" : fmt::format(", after {} bytes of the answer", received));
    // before_request(): the connection broke, and the request is to be sent once.
    if (code == CURLE_ABORTED_BY_CALLBACK && !is_stopped) return {ErrorCode::Unavailable, text};
    switch (code) {
        case CURLE_WRITE_ERROR:
            return {ErrorCode::ResourceExhausted, text};
        case CURLE_ABORTED_BY_CALLBACK:
            return {ErrorCode::Cancelled, text};
        case CURLE_OPERATION_TIMEDOUT:
            return {ErrorCode::DeadlineExceeded, text};
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
            return {ErrorCode::InvalidArgument, text};
        default:
            return {ErrorCode::Unavailable, text};
    }
}

class HeaderList {
public:
    ~HeaderList() { curl_slist_free_all(list_); }
    HeaderList() = default;
    HeaderList(HeaderList const&) = delete;
    HeaderList& operator=(HeaderList const&) = delete;
    void add(std::string const& line) { list_ = curl_slist_append(list_, line.c_str()); }
    [[nodiscard]] curl_slist* get() const { return list_; }

private:
    curl_slist* list_ = nullptr;
};

void set_request(CURL* handle, ClientRequest const& request, HeaderList& headers) {
    curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (request.method == "HEAD") curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(request.body.size()));
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
    }
    headers.add("Expect:");  // no "100-continue": it costs a second with servers that ignore it
    for (auto const& [name, value] : request.headers.fields()) {
        headers.add(fmt::format("{}: {}", name, value));
    }
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);  // ".." may be a name
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
}

}  // namespace

struct Client::Impl {
    CURL* handle = nullptr;
    Sender sender = {};
};

Client::Client() : impl_(std::make_unique<Impl>()) {
    // curl_easy_init() does it too, but not for two threads at once.
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
    impl_->handle = curl_easy_init();
    ASSERT(impl_->handle);
}
Client::Client(Client&&) noexcept = default;
Client::~Client() {
    if (impl_) curl_easy_cleanup(impl_->handle);
}

Result<ClientResponse> Client::send(Context const& context, ClientRequest const& request) {
    auto& sender = impl_->sender;
    sender = {.count = 0, .is_once = request.sending == ClientRequest::Sending::Once};
    if (context.stopped()) return Error(ErrorCode::Cancelled, "called off");
    if (context.expired()) return Error(ErrorCode::DeadlineExceeded, "no time is left");
    auto* const handle = impl_->handle;
    Receiver receiver;
    HeaderList headers;
    curl_easy_reset(handle);  // the connection stays
    set_request(handle, request, headers);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, &receiver);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, &receiver);
    curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(handle, CURLOPT_PREREQDATA, &sender);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, const_cast<Context*>(&context));
    if (!context.deadline().is_never()) {
        auto const left = context.deadline().remaining(context.clock()).count();
        curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS,
                         static_cast<long>(std::clamp<std::int64_t>(
                             left, 1, std::numeric_limits<std::int32_t>::max())));
    }
    auto const code = curl_easy_perform(handle);
    if (code != CURLE_OK) return error_of(code, receiver, request, context.stopped());
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    receiver.response.status = static_cast<int>(status);
    return std::move(receiver.response);
}

bool Client::was_sent() const {
    return impl_->sender.count > 0;
}

std::string percent_encoded(std::string_view text) {
    static constexpr std::string_view kUnreserved =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string encoded;
    for (char const letter : text) {
        if (kUnreserved.find(letter) != kUnreserved.npos) {
            encoded += letter;
        } else {
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(letter));
        }
    }
    return encoded;
}

std::string form_text(std::vector<std::pair<std::string, std::string>> const& fields) {
    std::string text;
    for (auto const& [name, value] : fields) {
        text += fmt::format("{}{}={}", text.empty() ? "" : "&", percent_encoded(name),
                            percent_encoded(value));
    }
    return text;
}

}  // namespace aipress::http
