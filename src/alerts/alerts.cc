#include "alerts/alerts.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <fmt/chrono.h>
#include <mutex>
#include <unistd.h>

#include "alerts/limits.h"
#include "base/file_descriptor.h"
#include "base/log.h"
#include "http/client.h"

namespace aipress::alerts {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::string time_text(WallTime time) {
    using std::chrono::duration_cast;
    auto const whole = std::chrono::floor<std::chrono::seconds>(time);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(whole)),
                       duration_cast<milliseconds>(time - whole).count());
}

// At most so many bytes, no half of a UTF-8 character.
std::string cut(std::string const& text, std::size_t bytes = limits::kTextBytes) {
    if (text.size() <= bytes) return text;
    auto end = bytes;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return text.substr(0, end) + "…";
}

json::object alert_json(Alert const& alert, WallTime now) {
    return {{"id", cut(alert.id)},
            {"time", time_text(now)},
            {"severity", to_string(alert.severity)},
            {"tenant", cut(alert.tenant)},
            {"what", cut(alert.what)},
            {"why", cut(alert.why)},
            {"next_command", cut(alert.next_command)}};
}

Error file_error(fs::path const& path, std::string_view doing, int number) {
    auto const code = number == ENOENT                       ? ErrorCode::NotFound
                      : number == EACCES || number == EROFS  ? ErrorCode::PermissionDenied
                      : number == ENOSPC || number == EDQUOT ? ErrorCode::ResourceExhausted
                                                             : ErrorCode::Unavailable;
    return Error(code, fmt::format("{} the alerts' file {}: {}", doing, path.string(),
                                   std::strerror(number)))
        .with_native_code(static_cast<unsigned>(number));
}

// "https://hooks.example.test:8080/T1/secret" is "hooks.example.test:8080": what may be told of it.
std::string host_of(std::string_view url) {
    auto const scheme = url.find("://");
    if (scheme == url.npos) return "";
    url.remove_prefix(scheme + 3);
    url = url.substr(0, url.find_first_of("/?#"));
    auto const at = url.rfind('@');
    return std::string(at == url.npos ? url : url.substr(at + 1));
}

bool is_worth_another(int status) {
    return status == 429 || status >= 500;
}

}  // namespace

struct Alerts::Impl {
    AlertOptions options;
    std::string webhook_host;
    std::mutex mutex;  // of what follows
    FileDescriptor file;
    http::Client client;

    [[nodiscard]] std::string append(json::object const& line);
    void ask_webhook(Context const& context, Alert const& alert, std::string const& body,
                     Delivery& delivery);
};

// What went wrong, in words; "" when it is on disk.
std::string Alerts::Impl::append(json::object const& line) {
    if (!file.valid()) return "";
    auto const text = json::serialize(line) + "\n";
    // One write: whoever appends to the same file, lines stay whole.
    auto const written = ::write(file.get(), text.data(), text.size());
    if (written < 0) return file_error(options.file, "writing", errno).message();
    if (static_cast<std::size_t>(written) != text.size()) {
        return file_error(options.file, "writing", ENOSPC).message();
    }
    if (::fsync(file.get()) != 0) return file_error(options.file, "syncing", errno).message();
    return "";
}

// The client's own words have the URL: none of them is passed on.
void Alerts::Impl::ask_webhook(Context const& context, Alert const& alert, std::string const& body,
                               Delivery& delivery) {
    auto const limited = context.within(limits::kWebhookTime);
    http::ClientRequest const request{
        .method = "POST",
        .url = options.webhook,
        .headers = {{"Content-Type", "application/json"}, {"Idempotency-Key", cut(alert.id)}},
        .body = body};
    delivery.webhook = Delivery::Webhook::Failed;
    auto pause = limits::kBackoffLeast;
    while (true) {
        ++delivery.attempts;
        auto const answer = client.send(limited.within(limits::kAttemptTime), request);
        if (answer.ok() && answer.value().status / 100 == 2) {
            delivery.webhook = Delivery::Webhook::Taken;
            delivery.problem.clear();
            return;
        }
        delivery.problem =
            answer.ok() ? fmt::format("{} answers {}", webhook_host, answer.value().status)
                        : fmt::format("{}: {}", webhook_host, to_string(answer.error().code()));
        bool const is_final = answer.ok() && !is_worth_another(answer.value().status);
        if (is_final || delivery.attempts == limits::kAttempts || !limited.sleep(pause)) return;
        pause *= 2;
    }
}

std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::Information:
            return "information";
        case Severity::Warning:
            return "warning";
        case Severity::Critical:
            return "critical";
    }
    return "";
}

Alerts::Alerts(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Alerts::Alerts(Alerts&&) noexcept = default;
Alerts& Alerts::operator=(Alerts&&) noexcept = default;
Alerts::~Alerts() = default;

Result<Alerts> Alerts::open(AlertOptions options) {
    auto impl = std::make_unique<Impl>();
    impl->webhook_host = host_of(options.webhook);
    bool const is_web =
        options.webhook.starts_with("http://") || options.webhook.starts_with("https://");
    if (!options.webhook.empty() && (!is_web || impl->webhook_host.empty())) {
        return Error(ErrorCode::InvalidArgument,
                     "the alerts' webhook is no URL that begins with http:// or https://");
    }
    if (!options.file.empty()) {
        impl->file = FileDescriptor(
            ::open(options.file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
        if (!impl->file.valid()) return file_error(options.file, "opening", errno);
    }
    impl->options = std::move(options);
    return Alerts(std::move(impl));
}

Delivery Alerts::raise(Context const& context, Alert const& alert) {
    std::lock_guard const lock(impl_->mutex);
    auto const event = alert_json(alert, context.clock().wall_now());
    Delivery delivery;
    auto const file_problem = impl_->append(event);
    if (!impl_->options.webhook.empty()) {
        impl_->ask_webhook(context, alert, json::serialize(event), delivery);
        bool const is_taken = delivery.webhook == Delivery::Webhook::Taken;
        json::object outcome{{"id", event.at("id")},
                             {"time", time_text(context.clock().wall_now())},
                             {"webhook", is_taken ? "taken" : "failed"},
                             {"attempts", delivery.attempts}};
        if (!is_taken) outcome["why"] = delivery.problem;
        // The alert itself is there; of this line nobody waits for more.
        static_cast<void>(impl_->append(outcome));
    }
    if (!file_problem.empty()) {
        delivery.problem += (delivery.problem.empty() ? "" : "; ") + file_problem;
    }
    log::write(alert.severity == Severity::Information ? log::Level::Info : log::Level::Warning,
               fmt::format("alert {}: {}: {}: {}", alert.id, alert.tenant, alert.what,
                           cut(alert.why, limits::kLoggedBytes)));
    if (!delivery.problem.empty()) {
        log::warning("alert {} did not get through: {}", alert.id, delivery.problem);
    }
    return delivery;
}

}  // namespace aipress::alerts
