#include "sites/validate.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "base/sha256.h"
#include "sites/page_faults.h"

namespace aipress::sites {
namespace {

namespace json = boost::json;

// An error of the context ends all; any other is what a check has found.
bool is_over(Context const& context) {
    return context.stopped() || context.expired();
}

class Validator {
public:
    Validator(Context const& context, Visitor& visitor, ValidationInput const& input)
        : context_(context), visitor_(visitor), input_(input) {
        result_.vantage_point = visitor.way().name;
    }

    Result<Validation> run() {
        TRY(pages());
        TRY(content());
        for (auto const& file : input_.files) TRY(media(file));
        TRY(permalinks());
        TRY(cron());
        TRY(login());
        TRY(old_session());
        return std::move(result_);
    }

private:
    void add(std::string name, CheckOutcome outcome, std::string expected, std::string actual) {
        result_.checks.push_back(
            {std::move(name), outcome, std::move(expected), std::move(actual), ""});
    }
    void skip(std::string name, std::string reason) {
        result_.checks.push_back(
            {std::move(name), CheckOutcome::Skipped, "", "", std::move(reason)});
    }
    static CheckOutcome pass_if(bool is_good) {
        return is_good ? CheckOutcome::Pass : CheckOutcome::Fail;
    }

    Result<void> pages();
    Result<void> content();
    Result<void> media(ExpectedFile const& file);
    Result<void> permalinks();
    Result<void> cron();
    Result<void> login();
    Result<void> old_session();
    Result<void> dashboard(std::string name, Session const& session);

    Context const& context_;
    Visitor& visitor_;
    ValidationInput const& input_;
    Validation result_;
    ContentFacts facts_;  // of now
};

Result<void> Validator::pages() {
    for (auto const kind :
         {PageKind::Front, PageKind::Post, PageKind::Login, PageKind::Rest, PageKind::Media}) {
        auto const name = std::string(to_string(kind));
        auto const* const page = input_.plan.find(kind);
        if (page == nullptr) {
            skip(name, "the site had none that could be asked for before the move");
            continue;
        }
        auto const probe = TRY(probe_page(context_, visitor_, input_.plan, *page));
        auto expected = fmt::format("{} answers {}", page->target, page->status);
        if (!page->sha256.empty()) {
            expected += fmt::format(" with SHA-256 {}", page->sha256);
        }
        auto found = fmt::format("{}, {} bytes", probe.status, probe.bytes);
        if (probe.is_redirect) found += ", to the site's own address";
        if (!probe.sha256.empty()) found += fmt::format(", SHA-256 {}", probe.sha256);
        add(name, pass_if(probe.is_good()), expected, probe.is_good() ? found : probe.what);
    }
    return {};
}

Result<void> Validator::content() {
    auto read = read_content_facts(context_, visitor_);
    if (!read.ok()) {
        if (is_over(context_)) return read.release_error();
        auto const what = read.error().message();
        add("identity", CheckOutcome::Fail, input_.plan.title, what);
        add("content", CheckOutcome::Fail, "as before the move", what);
        return {};
    }
    facts_ = read.release();
    if (input_.plan.title.empty()) {
        skip("identity", "the site had no REST API before the move");
    } else {
        auto const home = url_parts(facts_.home).host;
        bool const is_home = home == input_.plan.host || home == visitor_.way().host;
        add("identity", pass_if(facts_.title == input_.plan.title && is_home),
            fmt::format("\"{}\" at {}", input_.plan.title, input_.plan.host),
            fmt::format("\"{}\" at {}", facts_.title, home));
    }
    if (!input_.before) {
        skip("content", "nothing was counted before the move");
        return {};
    }
    std::string lost;
    std::string grown;
    for (auto const& difference : compare_facts(*input_.before, facts_)) {
        // Where WordPress takes its home from the request; "identity" has looked at it.
        if (difference.what == "home") continue;
        // Another way in may show a redirect for the front page, where no theme is seen.
        if (difference.what == "theme" && difference.after.empty()) continue;
        auto& text = difference.kind == FactDifference::Kind::Grown ? grown : lost;
        if (!text.empty()) text += ", ";
        text += fmt::format("{} {} -> {}", difference.what, difference.before, difference.after);
    }
    auto const same = grown.empty() ? std::string("the same") : "more: " + grown;
    add("content", pass_if(lost.empty()), "title, tagline, theme the same, and nothing fewer",
        lost.empty() ? same : lost);
    return {};
}

Result<void> Validator::media(ExpectedFile const& file) {
    auto const name = fmt::format("media file {}", file.target);
    auto const page = visitor_.get(context_, file.target);
    if (!page.ok()) {
        if (is_over(context_)) return page.error();
        add(name, CheckOutcome::Fail, "its bytes", page.error().message());
        return {};
    }
    auto const& body = page.value().body;
    auto const sha256 = sha256_hex(body);
    bool const is_same =
        page.value().status == 200 && body.size() == file.bytes && sha256 == file.sha256;
    add(name, pass_if(is_same), fmt::format("200, {} bytes, SHA-256 {}", file.bytes, file.sha256),
        fmt::format("{}, {} bytes, SHA-256 {}", page.value().status, body.size(), sha256));
    return {};
}

Result<void> Validator::permalinks() {
    if (facts_.newest_post.empty()) {
        skip("permalinks", "the REST API names no post");
        return {};
    }
    PlannedPage const post{.kind = PageKind::Post, .target = facts_.newest_post};
    auto const probe = TRY(probe_page(context_, visitor_, input_.plan, post));
    bool const is_plain = facts_.permalinks == ContentFacts::Permalinks::Plain;
    add("permalinks", pass_if(probe.is_good()),
        fmt::format("{} ({}) answers 200", facts_.newest_post, is_plain ? "plain" : "pretty"),
        probe.is_good() ? fmt::format("{}", probe.status) : probe.what);
    return {};
}

Result<void> Validator::cron() {
    auto const page = visitor_.get(context_, "/wp-cron.php?doing_wp_cron");
    if (!page.ok() && is_over(context_)) return page.error();
    auto actual = page.ok() ? fmt::format("{}", page.value().status) : page.error().message();
    bool is_good = page.ok() && page.value().status == 200;
    if (page.ok()) {
        if (auto const fault = find_fault(page.value(), PageKind::Front)) {
            actual = fault->what;
            is_good = false;
        }
    }
    add("cron", pass_if(is_good), "/wp-cron.php answers 200", actual);
    return {};
}

Result<void> Validator::dashboard(std::string name, Session const& session) {
    auto const check = session_is_valid(context_, visitor_, session);
    if (!check.ok() && is_over(context_)) return check.error();
    bool const is_valid = check.ok() && check.value().state == SessionCheck::State::Valid;
    add(std::move(name), pass_if(is_valid), "the dashboard is shown",
        check.ok() ? check.value().what : check.error().message());
    return {};
}

Result<void> Validator::login() {
    std::string const name = "administrator's login";
    if (!input_.administrator) {
        skip(name, "no administrator's credentials were given");
        return {};
    }
    auto const session = open_session(context_, visitor_, *input_.administrator);
    if (session.ok()) return dashboard(name, session.value());
    if (is_over(context_)) return session.error();
    add(name, CheckOutcome::Fail, "the dashboard is shown", session.error().message());
    return {};
}

Result<void> Validator::old_session() {
    if (!input_.open_session) {
        skip("open session", "no session was opened before the move");
        return {};
    }
    return dashboard("open session", *input_.open_session);
}

}  // namespace

std::string_view to_string(CheckOutcome outcome) {
    switch (outcome) {
        case CheckOutcome::Pass:
            return "pass";
        case CheckOutcome::Fail:
            return "fail";
        case CheckOutcome::Skipped:
            return "skipped";
    }
    return "";
}

bool Validation::passed() const {
    return failed().empty();
}

std::vector<Check> Validation::failed() const {
    std::vector<Check> all;
    std::copy_if(checks.begin(), checks.end(), std::back_inserter(all),
                 [](auto const& check) { return check.outcome == CheckOutcome::Fail; });
    return all;
}

Check const* Validation::find(std::string_view name) const {
    auto const found = std::find_if(checks.begin(), checks.end(),
                                    [&](auto const& check) { return check.name == name; });
    return found == checks.end() ? nullptr : &*found;
}

Result<Validation> validate(Context const& context, Visitor& visitor,
                            ValidationInput const& input) {
    return Validator(context, visitor, input).run();
}

json::object to_json(Validation const& validation) {
    json::array checks;
    for (auto const& check : validation.checks) {
        json::object one{{"name", check.name}, {"outcome", to_string(check.outcome)}};
        if (check.outcome == CheckOutcome::Skipped) {
            one["reason"] = check.reason;
        } else {
            one["expected"] = check.expected;
            one["actual"] = check.actual;
        }
        checks.push_back(std::move(one));
    }
    return {{"vantage_point", validation.vantage_point},
            {"passed", validation.passed()},
            {"checks", std::move(checks)}};
}

}  // namespace aipress::sites
