#include "testing/rehearsal/content.h"

#include <algorithm>
#include <fmt/format.h>

#include "poc/bulk_insert.h"
#include "poc/plugin_tables.h"
#include "poc/text_source.h"

namespace aipress::rehearsal {
namespace {

using poc::BulkInsert;
using poc::Sql;
using poc::StatementSink;
using poc::TextSource;

constexpr std::uint64_t kFirstPost = 1'000;  // above what the installer makes
constexpr std::uint64_t kFirstPage = 500'000;
constexpr std::uint64_t kFirstMedia = 600'000;
constexpr std::size_t kVisitedPosts = 200;

// How many rows of each kind make up about so many bytes; the proportions are a mid-sized blog's.
struct Volume {
    std::uint64_t posts, pages, media, comments, builder_pages, options;
    explicit Volume(std::uint64_t bytes)
        : posts(std::max<std::uint64_t>(bytes / 13'000, 20)),
          pages(posts / 20 + 3),
          media(posts / 2 + 3),
          comments(posts * 8),
          builder_pages(bytes / 700'000 + 1),
          options(posts / 50 + 10) {}
};

class Generator {
public:
    Generator(StatementSink const& sink, ContentOptions const& options)
        : sink_(sink), volume_(options.target_bytes), text_(options.seed) {}

    Result<Content> run() {
        TRY(sink_("START TRANSACTION"));
        TRY(posts());
        TRY(pages());
        TRY(media());
        TRY(comments());
        TRY(post_meta());
        TRY(options());
        TRY(terms());
        TRY(
            sink_("UPDATE wp_posts SET comment_count = (SELECT COUNT(*) FROM wp_comments WHERE "
                  "comment_post_ID = ID) WHERE ID >= 1000"));
        TRY(sink_("COMMIT"));
        return content();
    }

private:
    BulkInsert post_rows() {
        return {sink_,
                "wp_posts (ID,post_author,post_date,post_date_gmt,post_content,post_title,"
                "post_excerpt,post_status,comment_status,post_name,to_ping,pinged,post_modified,"
                "post_modified_gmt,post_content_filtered,guid,post_type,post_mime_type)"};
    }

    Result<void> post(BulkInsert& rows, std::uint64_t id, std::string_view slug,
                      std::string_view status, std::string_view type, std::string_view body,
                      std::string_view mime) {
        auto const date = text_.date();
        return rows.row(id, 1, date, date, body, text_.sentence(), "", status,
                        type == "post" ? "open" : "closed", fmt::format("{}-{}", slug, id), "", "",
                        date, date, "", fmt::format("https://example.test/?p={}", id), type, mime);
    }

    Result<void> posts() {
        auto rows = post_rows();
        for (std::uint64_t i = 0; i < volume_.posts; ++i) {
            // Now and then a revision, a draft without a date, or a very long read.
            auto const size = i % 97 == 0 ? 60'000 : 1'000 + text_.number(6'000);
            auto const is_revision = i >= kVisitedPosts && i % 4 == 0;
            TRY(post(rows, kFirstPost + i, "post", is_revision ? "inherit" : "publish",
                     is_revision ? "revision" : "post", text_.article(size), ""));
        }
        TRY(rows.row(400, 1, "0000-00-00 00:00:00", "0000-00-00 00:00:00", "", "Draft", "", "draft",
                     "open", "", "", "", "0000-00-00 00:00:00", "0000-00-00 00:00:00", "", "",
                     "post", ""));
        return rows.flush();
    }

    Result<void> pages() {
        auto rows = post_rows();
        for (std::uint64_t i = 0; i < volume_.pages; ++i)
            TRY(post(rows, kFirstPage + i, "page", "publish", "page", text_.article(3'000), ""));
        return rows.flush();
    }

    Result<void> media() {
        auto rows = post_rows();
        for (std::uint64_t i = 0; i < volume_.media; ++i)
            TRY(post(rows, kFirstMedia + i, "image", "inherit", "attachment", "", "image/jpeg"));
        TRY(rows.flush());
        BulkInsert meta(sink_, "wp_postmeta (post_id,meta_key,meta_value)");
        for (std::uint64_t i = 0; i < volume_.media; ++i) {
            TRY(meta.row(kFirstMedia + i, "_wp_attached_file",
                         fmt::format("2020/05/image-{}.jpg", i)));
            TRY(meta.row(kFirstMedia + i, "_wp_attachment_metadata", text_.serialized(700)));
        }
        return meta.flush();
    }

    Result<void> comments() {
        BulkInsert rows(sink_,
                        "wp_comments (comment_post_ID,comment_author,comment_author_email,"
                        "comment_author_IP,comment_date,comment_date_gmt,comment_content,"
                        "comment_approved,comment_agent,comment_type)");
        for (std::uint64_t i = 0; i < volume_.comments; ++i) {
            // The visited posts keep few old comments, so that a page stays a page.
            auto const on = volume_.posts > 2 * kVisitedPosts
                                ? kVisitedPosts + text_.number(volume_.posts - kVisitedPosts)
                                : text_.number(volume_.posts);
            auto const date = text_.date();
            TRY(rows.row(kFirstPost + on, fmt::format("Reader {} Ünal", i % 5'000),
                         fmt::format("reader{}@example.test", i % 5'000), "192.0.2.7", date, date,
                         text_.sentence() + "\n" + text_.sentence(), i % 11 == 0 ? "spam" : "1",
                         "Mozilla/5.0 (X11; Linux x86_64)", "comment"));
        }
        return rows.flush();
    }

    Result<void> post_meta() {
        BulkInsert rows(sink_, "wp_postmeta (post_id,meta_key,meta_value)");
        for (std::uint64_t i = 0; i < volume_.posts; ++i) {
            auto const id = kFirstPost + i;
            TRY(rows.row(id, "_edit_lock", fmt::format("{}:1", 1'600'000'000 + i)));
            TRY(rows.row(id, "_thumbnail_id", fmt::format("{}", kFirstMedia + i % volume_.media)));
            TRY(rows.row(id, "_seo_description", text_.sentence()));
            TRY(rows.row(id, "_seo_cache", text_.serialized(900)));
            if (i % 10 == 0) TRY(rows.row(id, "_empty", Sql{"NULL"}));
        }
        for (std::uint64_t i = 0; i < volume_.builder_pages; ++i)
            TRY(rows.row(kFirstPage + i % volume_.pages, "_elementor_data",
                         text_.serialized(150'000)));
        return rows.flush();
    }

    Result<void> options() {
        BulkInsert rows(sink_, "wp_options (option_name,option_value,autoload)");
        for (std::uint64_t i = 0; i < volume_.options; ++i)
            TRY(rows.row(fmt::format("plugin_cache_{}", i), text_.serialized(2'000), "no"));
        return rows.flush();
    }

    Result<void> terms() {
        BulkInsert terms(sink_, "wp_terms (term_id,name,slug)");
        BulkInsert taxonomy(
            sink_, "wp_term_taxonomy (term_taxonomy_id,term_id,taxonomy,description,count)");
        for (std::uint64_t i = 0; i < 40; ++i) {
            TRY(terms.row(100 + i, fmt::format("Topic № {}", i), fmt::format("topic-{}", i)));
            TRY(taxonomy.row(100 + i, 100 + i, i % 2 ? "category" : "post_tag", text_.sentence(),
                             1));
        }
        TRY(terms.flush());
        TRY(taxonomy.flush());
        BulkInsert links(sink_, "wp_term_relationships (object_id,term_taxonomy_id)");
        for (std::uint64_t i = 0; i < volume_.posts; ++i) {
            TRY(links.row(kFirstPost + i, 100 + i % 40));
            TRY(links.row(kFirstPost + i, 100 + (i + 7) % 40));
        }
        return links.flush();
    }

    [[nodiscard]] Content content() const {
        Content result;
        for (std::uint64_t i = 0; i < std::min<std::uint64_t>(volume_.posts, kVisitedPosts); ++i) {
            result.post_ids.push_back(kFirstPost + i);
            result.post_paths.push_back(fmt::format("/post-{}/", kFirstPost + i));
        }
        return result;
    }

    StatementSink const& sink_;
    Volume volume_;
    TextSource text_;
};

}  // namespace

Result<Content> generate_content(Context const& context, mysql::Connection& connection,
                                 ContentOptions const& options) {
    StatementSink const sink = [&](std::string_view statement) -> Result<void> {
        TRY(connection.execute(context, statement));
        return {};
    };
    auto content = TRY(Generator(sink, options).run());
    TextSource text(options.seed + 1);
    switch (options.kind) {
        case SiteKind::Blog:
            break;
        case SiteKind::Shop:
            TRY(poc::make_shop_tables(sink, text, options.target_bytes / 5'000 + 200));
            break;
        case SiteKind::Legacy:
            TRY(poc::make_legacy_tables(sink, text, options.target_bytes / 3'000 + 200));
            break;
    }
    return content;
}

std::map<std::string, Visited> visited_tables(SiteKind kind) {
    std::map<std::string, Visited> tables = {
        {"wp_comments", Visited::Grows},
        {"wp_commentmeta", Visited::Grows},
        {"wp_posts", Visited::Grows},     // comment_count
        {"wp_options", Visited::Churns},  // transients
    };
    switch (kind) {
        case SiteKind::Blog:
            break;
        case SiteKind::Shop:
            for (auto const* table :
                 {"wp_wc_orders", "wp_wc_order_stats", "wp_woocommerce_order_items",
                  "wp_woocommerce_order_itemmeta", "wp_wc_product_meta_lookup"})
                tables[table] = Visited::Grows;
            tables["wp_woocommerce_sessions"] = Visited::Churns;
            break;
        case SiteKind::Legacy:
            for (auto const* table : {"wp_visitor_log", "wp_hit_counter", "wp_guestbook"})
                tables[table] = Visited::Grows;
            break;
    }
    return tables;
}

CompanionTable companion_table(SiteKind kind) {
    switch (kind) {
        case SiteKind::Blog:
            return {"wp_commentmeta", "comment_id"};
        case SiteKind::Shop:
            return {"wp_wc_orders", "comment_id"};
        case SiteKind::Legacy:
            return {"wp_visitor_log", "comment_id"};
    }
    return {};
}

}  // namespace aipress::rehearsal
