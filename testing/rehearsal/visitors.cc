#include "testing/rehearsal/visitors.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <mutex>
#include <thread>

#include "poc/text_source.h"
#include "testing/rehearsal/http_visit.h"

namespace aipress::rehearsal {
namespace {

using poc::TextSource;

constexpr int kReloads = 3;
constexpr std::string_view kCommentNotShown = "a page without the comment that was accepted";

// Why an answer is not the page that a reader expects; empty when it is.
std::string fault_of_page(Page const& page) {
    if (page.status == 0) return page.error;
    if (page.body.find("Error establishing a database connection") != std::string::npos)
        return "Error establishing a database connection";
    if (page.status != 200) return fmt::format("status {}", page.status);
    bool const is_whole = page.body.find("</html>") != std::string::npos ||
                          (page.body.starts_with('[') && page.body.ends_with(']'));
    return is_whole ? "" : "a page cut short";
}

std::string fault_of_comment(Page const& page) {
    if (page.status == 302 && comment_of_location(page.location) != 0) return "";
    auto const fault = fault_of_page(page);
    return fault.empty() ? "no redirect to the comment" : fault;
}

double quantile(std::vector<float>& sorted, double part) {
    if (sorted.empty()) return 0;
    auto const last = static_cast<double>(sorted.size() - 1);
    return static_cast<double>(sorted[static_cast<std::size_t>(part * last)]);
}

}  // namespace

std::uint64_t comment_of_location(std::string_view location) {
    constexpr std::string_view kMark = "#comment-";
    auto const at = location.rfind(kMark);
    if (at == std::string_view::npos) return 0;
    auto const digits = location.substr(at + kMark.size());
    std::uint64_t id = 0;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
    return error == std::errc() && end == digits.data() + digits.size() ? id : 0;
}

struct Visitors::Impl {
    Impl(VisitorOptions its_options, Ledger& its_ledger, Clock& its_clock)
        : options(std::move(its_options)),
          ledger(its_ledger),
          clock(its_clock),
          last_success(its_clock.now()) {}

    VisitorOptions options;
    Ledger& ledger;
    Clock& clock;
    mutable std::mutex mutex;
    VisitStatistics counted;
    std::vector<float> latencies;
    SteadyTime last_success;
    bool in_outage = false;
    std::vector<std::jthread> threads;  // last: joined before what they use goes

    void record(Page const& page, std::string const& fault) {
        std::lock_guard const lock(mutex);
        ++counted.requests;
        latencies.push_back(static_cast<float>(page.took.count()));
        auto const now = clock.now();
        if (fault.empty()) {
            if (in_outage)
                counted.longest_outage =
                    std::max(counted.longest_outage, elapsed_ms(last_success, now));
            in_outage = false;
            last_success = now;
            return;
        }
        in_outage = true;
        ++counted.failed;
        ++counted.failures[fault];
    }

    void read(std::stop_token stop, std::uint64_t seed) {
        Browser browser;
        TextSource choice(seed);
        while (!stop.stop_requested()) {
            auto const& path = options.content.post_paths;
            auto const what = choice.number(10);
            auto const url =
                options.site_url + (what < 3   ? "/"
                                    : what < 8 ? path[choice.number(path.size())]
                                               : std::string("/wp-json/wp/v2/posts?per_page=5"));
            auto const page = browser.get(url);
            record(page, fault_of_page(page));
            if (!clock.sleep_for(options.pause, stop)) return;
        }
    }

    void comment(std::stop_token stop, std::uint64_t seed, unsigned number) {
        Browser browser;
        TextSource choice(seed);
        for (std::uint64_t serial = 1; !stop.stop_requested(); ++serial) {
            auto const at = choice.number(options.content.post_ids.size());
            AcceptedComment accepted;
            accepted.post_id = options.content.post_ids[at];
            // No markup and no quotes: WordPress filters those, and the ledger compares bytes.
            accepted.text = fmt::format("Visit {}-{}-{} was good, thank you from Zoë 🍞.",
                                        options.site_name, number, serial);
            auto const page = browser.post(
                options.site_url + "/wp-comments-post.php",
                {{"comment", accepted.text},
                 {"author", fmt::format("Visitor {}", number)},
                 {"email", fmt::format("{}{}@example.test", kVisitorMailPrefix, number)},
                 {"comment_post_ID", fmt::format("{}", accepted.post_id)},
                 {"comment_parent", "0"}});
            record(page, fault_of_comment(page));
            if (auto const id = comment_of_location(page.location); page.status == 302 && id != 0) {
                accepted.comment_id = id;
                accepted.database_host = page.database;
                ledger.add(accepted);
                if (serial % 4 == 0) look_for(browser, accepted, page.location);
            }
            if (!clock.sleep_for(options.pause, stop)) return;
        }
    }

    // Where the redirect leads, the comment must show, whatever was switched in between. A page
    // whose session was killed half-way comes out whole but without its comments: WordPress renders
    // on. That is a failed request, and the visitor reloads; a comment that then still does not
    // show is gone.
    void look_for(Browser& browser, AcceptedComment const& comment, std::string const& location) {
        auto const url = location.substr(0, location.find('#'));
        auto const mark = fmt::format("id=\"comment-{}\"", comment.comment_id);
        for (int attempt = 0; attempt < kReloads; ++attempt) {
            auto const page = browser.get(url);
            auto fault = fault_of_page(page);
            if (fault.empty() && page.body.find(mark) == std::string::npos)
                fault = kCommentNotShown;
            record(page, fault);
            if (fault != kCommentNotShown) return;
        }
        std::lock_guard const lock(mutex);
        ++counted.vanished;
    }
};

Visitors::Visitors(VisitorOptions options, Ledger& ledger, Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), ledger, clock)) {
    auto& impl = *impl_;
    auto seed = impl.options.seed;
    for (unsigned i = 0; i < impl.options.readers; ++i)
        impl.threads.emplace_back(
            [&impl, seed = ++seed](std::stop_token stop) { impl.read(stop, seed); });
    for (unsigned i = 0; i < impl.options.commenters; ++i)
        impl.threads.emplace_back(
            [&impl, seed = ++seed, i](std::stop_token stop) { impl.comment(stop, seed, i); });
}

Visitors::~Visitors() {
    stop();
}

void Visitors::stop() {
    for (auto& thread : impl_->threads) thread.request_stop();
    impl_->threads.clear();  // joins
}

VisitStatistics Visitors::statistics() const {
    std::lock_guard const lock(impl_->mutex);
    auto result = impl_->counted;
    auto sorted = impl_->latencies;
    std::ranges::sort(sorted);
    result.median_ms = quantile(sorted, 0.5);
    result.p99_ms = quantile(sorted, 0.99);
    result.slowest_ms = quantile(sorted, 1.0);
    return result;
}

}  // namespace aipress::rehearsal
