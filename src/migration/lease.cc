#include "migration/lease.h"

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

namespace aipress::migration {
namespace {

constexpr char const* kHolder = "holder";
constexpr char const* kExpiry = "expiry";  // milliseconds since 1970
constexpr char const* kMachine = "machine";
constexpr char const* kProcess = "process";
constexpr milliseconds kGivingBack{5'000};

std::int64_t milliseconds_of(WallTime time) {
    return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

std::string metadata_of(gcp::Object const& object, char const* key) {
    auto const at = object.metadata.find(key);
    return at == object.metadata.end() ? "" : at->second;
}

std::int64_t expiry_of(gcp::Object const& object) {
    auto const text = metadata_of(object, kExpiry);
    std::int64_t expiry = 0;
    std::from_chars(text.data(), text.data() + text.size(), expiry);
    return expiry;
}

std::string text_of_file(char const* path) {
    std::ifstream file(path);
    std::string text;
    std::getline(file, text);
    return text;
}

// Processes are told apart by their numbers in one namespace only.
std::string this_machine() {
    std::error_code failure;
    auto const space = std::filesystem::read_symlink("/proc/self/ns/pid", failure);
    return text_of_file("/proc/sys/kernel/random/boot_id") + "/" + space.string();
}

bool is_gone(gcp::Object const& object, LeaseName const& wanted) {
    if (wanted.machine.empty() || metadata_of(object, kMachine) != wanted.machine) return false;
    auto const text = metadata_of(object, kProcess);
    pid_t process = 0;
    std::from_chars(text.data(), text.data() + text.size(), process);
    if (process <= 0) return false;
    return process == wanted.process || (::kill(process, 0) != 0 && errno == ESRCH);
}

}  // namespace

LeaseName lease_of_this_process(std::string bucket, std::string object) {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '?';
    return {.bucket = std::move(bucket),
            .object = std::move(object),
            .holder = fmt::format("{}:{}", host.data(), ::getpid()),
            .machine = this_machine(),
            .process = ::getpid()};
}

Lease::Lease(Clock& clock, gcp::Storage const& storage, LeaseName name, milliseconds lifetime)
    : clock_(clock), storage_(storage), name_(std::move(name)), lifetime_(lifetime) {}

Result<std::unique_ptr<Lease>> Lease::take(Context const& context, gcp::Storage const& storage,
                                           LeaseName name, milliseconds lifetime) {
    std::unique_ptr<Lease> lease(new Lease(context.clock(), storage, std::move(name), lifetime));
    auto const& wanted = lease->name_;
    auto const present = storage.get_object(context, wanted.bucket, wanted.object);
    gcp::Generation expected = gcp::kAbsent;
    if (present.ok()) {
        auto const expiry = expiry_of(*present) + kClockSkew.count();
        auto const now = milliseconds_of(context.clock().wall_now());
        if (now < expiry && !is_gone(*present, wanted)) {
            return Error(
                ErrorCode::Unavailable,
                fmt::format("{} works on it, and holds the lease gs://{}/{} for {} s more; stop it "
                            "there, or wait",
                            metadata_of(*present, kHolder), wanted.bucket, wanted.object,
                            (expiry - now) / 1'000 + 1));
        }
        expected = present->generation;
    } else if (present.error().code() != ErrorCode::NotFound) {
        return present.error();
    }
    auto const written = lease->write(context, expected);
    if (!written.ok() && written.error().code() == ErrorCode::FailedPrecondition) {
        return Error(ErrorCode::Unavailable,
                     fmt::format("another process was faster to take the lease gs://{}/{}",
                                 wanted.bucket, wanted.object));
    }
    if (!written.ok()) return written.error();
    lease->keeper_ =
        std::jthread([raw = lease.get()](std::stop_token const& stop) { raw->keep(stop); });
    return lease;
}

Lease::~Lease() {
    keeper_.request_stop();
    if (keeper_.joinable()) keeper_.join();
    if (lost_.stop_requested() || generation_ == 0) return;
    Context const context(clock_, Deadline::after(clock_, kGivingBack), {});
    // It ends by itself otherwise.
    (void)storage_.delete_object(context, name_.bucket, name_.object, generation_);
}

Result<void> Lease::check() const {
    std::lock_guard const lock(mutex_);
    if (!why_lost_.empty()) return Error(ErrorCode::Aborted, why_lost_);
    if (clock_.now() >= good_until_) {
        return Error(ErrorCode::Aborted, "the lease has run out: this process was paused");
    }
    return {};
}

gcp::Generation Lease::generation() const {
    std::lock_guard const lock(mutex_);
    return generation_;
}

Result<void> Lease::write(Context const& context, gcp::Generation expected) {
    auto const until = clock_.now() + lifetime_;
    auto const expiry = milliseconds_of(clock_.wall_now() + lifetime_);
    auto const written =
        TRY(storage_.insert_object(context,
                                   {.bucket = name_.bucket,
                                    .name = name_.object,
                                    .content_type = "text/plain",
                                    .metadata = {{kHolder, name_.holder},
                                                 {kMachine, name_.machine},
                                                 {kProcess, std::to_string(name_.process)},
                                                 {kExpiry, std::to_string(expiry)}},
                                    .expected = expected},
                                   name_.holder));
    std::lock_guard const lock(mutex_);
    generation_ = written.generation;
    good_until_ = until;
    return {};
}

void Lease::lose(std::string const& why) {
    {
        std::lock_guard const lock(mutex_);
        why_lost_ = why;
    }
    lost_.request_stop();
}

void Lease::keep(std::stop_token const& stop) {
    while (clock_.sleep_for(lifetime_ / 3, stop)) {
        auto const left = elapsed_ms(clock_.now(), [&] {
            std::lock_guard const lock(mutex_);
            return good_until_;
        }());
        if (left <= milliseconds(0)) return lose("the lease has run out: this process was paused");
        auto const written =
            write(Context(clock_, Deadline::after(clock_, left), stop), generation());
        if (written.ok()) continue;
        if (written.error().code() == ErrorCode::FailedPrecondition) {
            return lose("another process has taken the lease over");
        }
        // Asked again until it runs out.
        if (check().ok()) continue;
        return lose("the lease could not be renewed: " + written.error().message());
    }
}

}  // namespace aipress::migration
