#include "testing/rehearsal/drill/guests.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <optional>
#include <thread>

#include "dns/query.h"
#include "poc/google.h"
#include "poc/text_source.h"
#include "testing/rehearsal/drill/browser.h"
#include "testing/rehearsal/visitors.h"

namespace aipress::drill {
namespace {

namespace json = boost::json;

constexpr std::string_view kDatabaseGone = "Error establishing a database connection";
constexpr unsigned kDnsEvery = 6;     // pages
constexpr unsigned kUploadEvery = 3;  // writes
constexpr std::size_t kUploadBytes = 3'000;

std::string fault_of(Page const& page, int expected) {
    if (page.status == 0) return page.body;
    if (page.body.find(kDatabaseGone) != std::string::npos) return std::string(kDatabaseGone);
    if (page.status != expected) return fmt::format("status {}", page.status);
    return "";
}

// "/a/b" of "http://host/a/b".
std::string target_of(std::string_view url) {
    auto const host = url.find("://");
    auto const path = host == url.npos ? host : url.find('/', host + 3);
    return path == url.npos ? "/" : std::string(url.substr(path));
}

std::optional<json::value> parsed(std::string const& text) {
    boost::system::error_code fault;
    auto value = json::parse(text, fault);
    if (fault) return std::nullopt;
    return value;
}

std::optional<std::uint64_t> id_of(json::value const& object) {
    boost::system::error_code fault;
    auto const* const id = object.find_pointer("/id", fault);
    if (!id || !id->is_number()) return std::nullopt;
    auto const number = id->to_number<std::uint64_t>(fault);
    if (fault) return std::nullopt;
    return number;
}

}  // namespace

std::string title_of(std::string_view page) {
    auto const from = page.find("<title>");
    auto const to = page.find("</title>");
    if (from == page.npos || to == page.npos || to < from) return "";
    return std::string(page.substr(from + 7, to - from - 7));
}

std::uint64_t comment_id_of(std::string_view location) {
    return rehearsal::comment_of_location(location);
}

struct Guests::Impl {
    GuestOptions options;
    VisitLog& log;
    Ledger& ledger;
    Context context;
    std::map<std::string, std::string> titles = {};  // by target, as the site was found
    std::vector<std::uint64_t> posts = {};           // open for comments
    std::vector<std::jthread> threads = {};          // last: joined before what they use goes

    [[nodiscard]] Browser browser() const { return {options.sites, options.tenant.host()}; }

    // The pages that will be read, and how they are titled.
    Result<void> look_around() {
        auto reader = browser();
        auto const wrong = [&](std::string const& what) {
            return Error(ErrorCode::Unavailable,
                         fmt::format("{}: {}", options.tenant.host(), what));
        };
        auto const list =
            reader.get(context, "/wp-json/wp/v2/posts?per_page=8&_fields=id,link,comment_status");
        auto const value = parsed(list.body);
        if (list.status != 200 || !value || !value->is_array()) return wrong("no list of posts");
        titles.emplace("/", "");
        for (auto const& post : value->as_array()) {
            titles.emplace(target_of(poc::text_at(post, "/link")), "");
            if (poc::text_at(post, "/comment_status") == "open")
                posts.push_back(id_of(post).value_or(0));
        }
        for (auto& [target, title] : titles) {
            auto const page = reader.get(context, target);
            if (auto const fault = fault_of(page, 200); !fault.empty()) return wrong(fault);
            title = title_of(page.body);
            if (title.empty()) return wrong(target + " has no title");
        }
        if (posts.empty()) return wrong("no post is open for comments");
        return {};
    }

    void record(Context const& asked, VisitKind kind, SteadyTime began, std::string fault) {
        // The last request is cut short when the visitors are sent home.
        if (!fault.empty() && asked.stopped()) return;
        log.add({began, asked.clock().now(), kind, std::move(fault)});
    }

    std::string fault_of_page(std::string const& target, Page const& page) {
        auto fault = fault_of(page, 200);
        if (!fault.empty()) return fault;
        auto const title = title_of(page.body);
        if (title == titles.at(target)) return "";
        auto const is_of = [&](std::string const& other) {
            return title.find(other) != std::string::npos;
        };
        auto const& others = options.other_titles;
        if (auto const other = std::ranges::find_if(others, is_of); other != others.end()) {
            log.add_foreign(fmt::format("{} showed the site of \"{}\"", target, *other));
            return "another tenant's site";
        }
        return page.body.find("</html>") == std::string::npos ? "a page cut short" : "another page";
    }

    void ask_dns(Context const& asked) {
        auto const answer = dns::ask(asked.within(milliseconds(5'000)), options.dns,
                                     {.name = options.tenant.host() + ".", .type = "CNAME"});
        if (asked.stopped()) return;
        auto const found = answer.ok() && !answer->set.data.empty();
        log.add_dns(found ? answer->set.data.front() : "no answer");
    }

    void read(std::stop_token const& stop) {
        auto const asked = context.stopped_by(stop);
        auto reader = browser();
        poc::TextSource choice(options.tenant.seed);
        for (unsigned serial = 0; !asked.stopped(); ++serial) {
            auto page_at = titles.begin();
            if (serial % 2 == 1)
                std::advance(page_at, static_cast<long>(choice.number(titles.size())));
            auto const began = asked.clock().now();
            auto const page = reader.get(asked, page_at->first);
            record(asked, VisitKind::Page, began, fault_of_page(page_at->first, page));
            if (serial % kDnsEvery == 0) ask_dns(asked);
            if (!asked.sleep(options.reading_pause)) return;
        }
    }

    // No markup and no quotes: WordPress filters those, and the ledger compares bytes.
    std::string comment(Context const& asked, Browser& author, unsigned serial) {
        AcceptedComment written{
            .post = posts[serial % posts.size()],
            .text = fmt::format("Visit {} to {} was good, says Zoë.", serial, options.tenant.name)};
        auto const page = author.post(asked, "/wp-comments-post.php",
                                      {{"comment", written.text},
                                       {"comment_post_ID", fmt::format("{}", written.post)},
                                       {"comment_parent", "0"}});
        written.id = page.status == 302 ? comment_id_of(page.location) : 0;
        if (written.id == 0) {
            auto const fault = fault_of(page, 302);
            return fault.empty() ? "a comment is not accepted" : "comment: " + fault;
        }
        written.at = asked.clock().now();
        ledger.add(std::move(written));
        return "";
    }

    std::string upload(Context const& asked, Browser& author, unsigned serial) {
        auto const& tenant = options.tenant;
        AcceptedUpload written;
        poc::TextSource text(tenant.seed + serial);
        while (written.bytes.size() < kUploadBytes) written.bytes += text.sentence() + "\n";
        auto const page =
            author.upload(asked, fmt::format("{}-note-{}.txt", tenant.name, serial), written.bytes);
        auto const fault = fault_of(page, 201);
        if (!fault.empty()) return "upload: " + fault;
        auto const answer = parsed(page.body);
        auto const id = answer ? id_of(*answer) : std::nullopt;
        if (!id) return "upload: no answer of the API";
        written.id = *id;
        written.target = target_of(poc::text_at(*answer, "/source_url"));
        written.at = asked.clock().now();
        ledger.add(std::move(written));
        return "";
    }

    void write(std::stop_token const& stop) {
        auto const asked = context.stopped_by(stop);
        auto author = browser();
        for (unsigned serial = 1; !asked.stopped(); ++serial) {
            auto const began = asked.clock().now();
            std::string fault;
            if (!author.is_logged_in()) {
                auto const done = author.log_in(asked, std::string(poc::kAdministrator),
                                                options.tenant.administrator_password());
                if (!done.ok()) fault = done.error().message();
            }
            if (fault.empty()) {
                fault = serial % kUploadEvery == 0 ? upload(asked, author, serial)
                                                   : comment(asked, author, serial);
            }
            record(asked, VisitKind::Write, began, std::move(fault));
            if (!asked.sleep(options.writing_pause)) return;
        }
    }
};

Guests::Guests(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
    auto& its = *impl_;
    its.threads.emplace_back([&its](std::stop_token const& stop) { its.read(stop); });
    its.threads.emplace_back([&its](std::stop_token const& stop) { its.write(stop); });
}

Guests::~Guests() {
    send_home();
}

void Guests::send_home() {
    for (auto& thread : impl_->threads) thread.request_stop();
    impl_->threads.clear();
}

Result<std::unique_ptr<Guests>> Guests::invite(Context const& context, GuestOptions options,
                                               VisitLog& log, Ledger& ledger) {
    std::unique_ptr<Impl> impl(new Impl{std::move(options), log, ledger, context});
    TRY(impl->look_around());
    return std::unique_ptr<Guests>(new Guests(std::move(impl)));
}

}  // namespace aipress::drill
