#include "sandbox/storage/object_sums.h"

#include <array>
#include <condition_variable>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "base/log.h"

namespace aipress::sandbox {
namespace {

constexpr std::size_t kLarge = 4u << 20;  // below, a thread is not worth its while
constexpr std::size_t kPieces = 16;       // of a few hundred KiB: waiting at most

}  // namespace

// A ring of pieces: add() fills the next, the thread takes them in order. The buffers are kept, as
// new memory costs more than the copy.
class ObjectSums::Line {
public:
    // Throws std::system_error when no thread is to be had.
    Line() : thread_([this](std::stop_token const& stop) { run(stop); }) {}

    // Once, before the first piece.
    void go_on_from(http::Checksums sums) {
        std::lock_guard const lock(mutex_);
        sums_ = std::move(sums);
    }

    void add(std::string_view bytes) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return filled_ - taken_ < kPieces; });
        auto& piece = pieces_[filled_ % kPieces];
        lock.unlock();
        piece.assign(bytes);  // the thread does not look at it yet
        lock.lock();
        ++filled_;
        changed_.notify_all();
    }

    http::Checksums take() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return taken_ == filled_; });
        return std::move(sums_);
    }

private:
    void run(std::stop_token const& stop) {
        std::unique_lock lock(mutex_);
        while (changed_.wait(lock, stop, [&] { return taken_ < filled_; })) {
            auto const& piece = pieces_[taken_ % kPieces];
            lock.unlock();
            sums_.add(piece);
            lock.lock();
            ++taken_;
            changed_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::array<std::string, kPieces> pieces_;
    std::size_t filled_ = 0;  // so far; guarded by the mutex
    std::size_t taken_ = 0;   // and of those
    http::Checksums sums_;    // the thread's, while taken_ < filled_
    std::jthread thread_;     // ends first
};

ObjectSums::ObjectSums() = default;
ObjectSums::ObjectSums(ObjectSums&&) noexcept = default;
ObjectSums& ObjectSums::operator=(ObjectSums&&) noexcept = default;
ObjectSums::~ObjectSums() = default;

void ObjectSums::add(std::string_view bytes) {
    if (line_) return line_->add(bytes);
    sums_.add(bytes);
    auto const before = std::exchange(added_, added_ + bytes.size());
    if (before >= kLarge || added_ < kLarge) return;  // tried once
    try {
        line_ = std::make_unique<Line>();
        line_->go_on_from(std::move(sums_));
    } catch (std::system_error const& thrown) {
        log::warning("checksums are taken without a thread of their own: {}", thrown.what());
    }
}

http::Checksums ObjectSums::take() {
    return line_ ? line_->take() : std::move(sums_);
}

}  // namespace aipress::sandbox
