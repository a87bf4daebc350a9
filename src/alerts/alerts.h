// Tells operators what has happened to a tenant: in a file, and at a webhook.
//
//   {"id": "tenant-001/rollback/7", "time": "2026-01-31T12:00:00.000Z", "severity": "critical",
//    "tenant": "tenant-001", "what": "rolled back", "why": "…", "next_command": "aipress …"}
//
// The file has such a line for each alert, and behind it one for what became of it:
//
//   {"id": "tenant-001/rollback/7", "time": "…", "webhook": "failed", "attempts": 4,
//    "why": "hooks.example.test answers 503"}
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/result.h"

namespace aipress::alerts {

enum class Severity { Information, Warning, Critical };
[[nodiscard]] std::string_view to_string(Severity severity);  // "warning"

// No secret is in it.
struct Alert {
    // The same whenever the same event is told again: a receiver knows it by that, and a post whose
    // answer was lost can be repeated.
    std::string id = {};
    Severity severity = Severity::Information;
    std::string tenant = {};
    std::string what = {};          // "rolled back"
    std::string why = {};           // in words and numbers
    std::string next_command = {};  // what an operator does about it; "": nothing
};

struct AlertOptions {
    std::filesystem::path file = {};  // JSON lines, made when it is not there; "": none
    std::string webhook = {};         // http or https; a secret; "": none
};

// What became of an alert.
struct Delivery {
    enum class Webhook { None, Taken, Failed };
    Webhook webhook = Webhook::None;
    unsigned attempts = 0;
    std::string problem = {};  // of the webhook or the file, in words; "": all went well
};

// Thread safe; alerts are told one after another.
class Alerts {
public:
    // Errors: InvalidArgument for a webhook that is no URL; those of the file.
    [[nodiscard]] static Result<Alerts> open(AlertOptions options);
    Alerts(Alerts&&) noexcept;
    Alerts& operator=(Alerts&&) noexcept;
    ~Alerts();

    // Never fails its caller: what goes wrong is in the delivery, in the file and in the program's
    // log. The alert is on disk before the webhook is asked, which is asked again for lost
    // connections, 429 and 5xx, as limits.h has it and the context allows; it is written down also
    // when the context is over.
    Delivery raise(Context const& context, Alert const& alert);

private:
    struct Impl;
    explicit Alerts(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace aipress::alerts
