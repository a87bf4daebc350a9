#include "poc/site_dump.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "poc/bulk_insert.h"
#include "poc/php_value.h"
#include "poc/plugin_tables.h"
#include "poc/text_source.h"

namespace aipress::poc {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kFirstPost = 100;
constexpr std::uint64_t kFirstPage = 2;
constexpr std::uint64_t kPrivacyPage = 3;
constexpr unsigned kTopics = 12;
constexpr std::uint64_t kFirstTopic = 10;

constexpr std::string_view kPosts =
    "wp_posts (ID,post_author,post_date,post_date_gmt,post_content,post_title,post_excerpt,"
    "post_status,comment_status,post_name,to_ping,pinged,post_modified,post_modified_gmt,"
    "post_content_filtered,post_parent,guid,post_type,post_mime_type)";

// What a table's rows of the installer give way to.
constexpr std::string_view kEmptied[] = {"wp_posts", "wp_postmeta", "wp_comments", "wp_commentmeta",
                                         "wp_term_relationships"};
constexpr std::string_view kPluginTables[] = {"wp_wc_orders",
                                              "wp_wc_order_stats",
                                              "wp_woocommerce_order_items",
                                              "wp_woocommerce_order_itemmeta",
                                              "wp_woocommerce_sessions",
                                              "wp_wc_product_meta_lookup",
                                              "wp_wc_product_attributes_lookup",
                                              "wp_woocommerce_tax_rate_locations",
                                              "wp_guestbook",
                                              "wp_hit_counter",
                                              "wp_visitor_log",
                                              "wp_thumbnails"};

struct Post {
    std::uint64_t id = 0;
    std::uint64_t parent = 0;
    std::string slug = {};
    std::string_view type = "post";
    std::string title = {};
    std::string body = {};
    std::string date = {};
    std::string_view mime = {};
    std::string guid = {};
};

class Dump {
public:
    Dump(Tenant const& tenant, std::vector<Upload> const& uploads)
        : tenant_(tenant), uploads_(uploads), text_(tenant.seed) {}

    Result<std::string> make() {
        out_ = fmt::format(
            "-- {}: the content of its site\n"
            "/*!40101 SET NAMES binary */;\n"
            "/*!40103 SET TIME_ZONE='+00:00' */;\n"
            "/*!40014 SET UNIQUE_CHECKS=0, FOREIGN_KEY_CHECKS=0 */;\n"
            "/*!40101 SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\n\n",
            tenant_.name);
        for (auto const table : kPluginTables) TRY(statement(drop(table)));
        if (tenant_.kind == SiteKind::Shop) {
            TRY(make_shop_tables(sink_, text_, tenant_.size.orders));
        }
        if (tenant_.kind == SiteKind::Legacy) {
            TRY(make_legacy_tables(sink_, text_, tenant_.size.orders));
        }
        TRY(statement("START TRANSACTION"));
        for (auto const table : kEmptied) TRY(statement(fmt::format("DELETE FROM {}", table)));
        TRY(posts());
        TRY(pages());
        TRY(attachments());
        TRY(comments());
        TRY(topics());
        TRY(options());
        TRY(statement("COMMIT"));
        return std::move(out_);
    }

private:
    static std::string drop(std::string_view table) {
        return fmt::format("DROP TABLE IF EXISTS {}", table);
    }
    Result<void> statement(std::string_view sql) {
        out_ += sql;
        out_ += ";\n";
        return {};
    }
    Result<void> add(BulkInsert& rows, Post const& post) {
        bool const is_attachment = post.type == "attachment";
        return rows.row(post.id, 1, post.date, post.date, post.body, post.title, "",
                        is_attachment ? "inherit" : "publish",
                        post.type == "page" ? "closed" : "open", post.slug, "", "", post.date,
                        post.date, "", post.parent, post.guid, post.type, post.mime);
    }
    std::string address(std::string_view path) const {
        return fmt::format("http://{}/{}", tenant_.host(), path);
    }
    std::string image_block(Upload const& upload, std::string_view size) const {
        auto const& file = upload.file(size);
        return fmt::format(
            "<!-- wp:image {{\"id\":{0},\"sizeSlug\":\"{1}\",\"linkDestination\":\"none\"}} -->\n"
            "<figure class=\"wp-block-image size-{1}\"><img src=\"{2}\" alt=\"{3}\" "
            "class=\"wp-image-{0}\"/></figure>\n<!-- /wp:image -->\n\n",
            upload.id, size, address("wp-content/uploads/" + file.name), upload.title);
    }

    Result<void> posts() {
        BulkInsert rows(sink_, kPosts);
        BulkInsert meta(sink_, "wp_postmeta (post_id,meta_key,meta_value)");
        for (unsigned i = 0; i < tenant_.size.posts; ++i) {
            auto const id = kFirstPost + i;
            auto const& upload = uploads_[i % uploads_.size()];
            auto const path = post_path(tenant_, i);
            TRY(add(rows, {.id = id,
                           .slug = path.substr(1, path.size() - 2),
                           .title = text_.sentence(),
                           .body = image_block(upload, i % 3 == 0 ? "medium" : "large") +
                                   text_.article(800 + text_.number(4'000)),
                           .date = text_.date(),
                           .guid = address(fmt::format("?p={}", id))}));
            TRY(meta.row(id, "_thumbnail_id", fmt::format("{}", upload.id)));
            TRY(meta.row(id, "_edit_lock", fmt::format("{}:1", 1'700'000'000 + i)));
            TRY(meta.row(id, "_seo_description", text_.sentence()));
            TRY(meta.row(id, "_seo_cache", text_.serialized(400)));
        }
        TRY(rows.flush());
        return meta.flush();
    }
    Result<void> pages() {
        BulkInsert rows(sink_, kPosts);
        for (unsigned i = 0; i < tenant_.size.pages; ++i) {
            auto const id = kFirstPage + i;
            bool const is_privacy = id == kPrivacyPage;
            TRY(add(rows, {.id = id,
                           .slug = is_privacy ? "privacy-policy" : fmt::format("page-{}", id),
                           .type = "page",
                           .title = is_privacy ? "Privacy Policy" : text_.sentence(),
                           .body = text_.article(2'000),
                           .date = text_.date(),
                           .guid = address(fmt::format("?page_id={}", id))}));
        }
        return rows.flush();
    }
    Result<void> attachments() {
        BulkInsert rows(sink_, kPosts);
        BulkInsert meta(sink_, "wp_postmeta (post_id,meta_key,meta_value)");
        for (std::size_t i = 0; i < uploads_.size(); ++i) {
            auto const& upload = uploads_[i];
            TRY(add(rows, {.id = upload.id,
                           .parent = kFirstPost + i % tenant_.size.posts,
                           .slug = fmt::format("picture-{}", upload.id),
                           .type = "attachment",
                           .title = upload.title,
                           .date = upload.date,
                           .mime = media_type_of(upload.format),
                           .guid = address("wp-content/uploads/" + upload.original().name)}));
            TRY(meta.row(upload.id, "_wp_attached_file", upload.original().name));
            TRY(meta.row(upload.id, "_wp_attachment_metadata",
                         php_serialized(attachment_metadata(upload))));
        }
        TRY(rows.flush());
        return meta.flush();
    }
    Result<void> comments() {
        BulkInsert rows(sink_,
                        "wp_comments (comment_post_ID,comment_author,comment_author_email,"
                        "comment_author_IP,comment_date,comment_date_gmt,comment_content,"
                        "comment_approved,comment_agent,comment_type)");
        for (unsigned i = 0; i < tenant_.size.comments; ++i) {
            auto const date = text_.date();
            auto const reader = text_.number(400);
            TRY(rows.row(kFirstPost + text_.number(tenant_.size.posts),
                         fmt::format("Reader {} Ünal", reader),
                         fmt::format("reader{}@example.test", reader), "192.0.2.7", date, date,
                         text_.sentence() + "\n" + text_.sentence(), i % 17 == 5 ? "spam" : "1",
                         "Mozilla/5.0 (X11; Linux x86_64)", "comment"));
        }
        TRY(rows.flush());
        return statement(
            "UPDATE wp_posts SET comment_count = (SELECT COUNT(*) FROM wp_comments WHERE "
            "comment_post_ID = ID AND comment_approved = '1')");
    }
    Result<void> topics() {
        TRY(statement(fmt::format("DELETE FROM wp_terms WHERE term_id >= {}", kFirstTopic)));
        TRY(statement(
            fmt::format("DELETE FROM wp_term_taxonomy WHERE term_id >= {}", kFirstTopic)));
        BulkInsert terms(sink_, "wp_terms (term_id,name,slug)");
        BulkInsert taxonomy(sink_,
                            "wp_term_taxonomy (term_taxonomy_id,term_id,taxonomy,description)");
        for (unsigned i = 0; i < kTopics; ++i) {
            auto const id = kFirstTopic + i;
            TRY(terms.row(id, fmt::format("Topic № {}", i + 1), fmt::format("topic-{}", i + 1)));
            TRY(taxonomy.row(id, id, i % 2 == 0 ? "category" : "post_tag", text_.sentence()));
        }
        TRY(terms.flush());
        TRY(taxonomy.flush());
        BulkInsert links(sink_, "wp_term_relationships (object_id,term_taxonomy_id)");
        for (unsigned i = 0; i < tenant_.size.posts; ++i) {
            TRY(links.row(kFirstPost + i, kFirstTopic + i % kTopics));
            TRY(links.row(kFirstPost + i, kFirstTopic + (i + 7) % kTopics));
        }
        TRY(links.flush());
        return statement(
            "UPDATE wp_term_taxonomy t SET count = (SELECT COUNT(*) FROM wp_term_relationships r "
            "WHERE r.term_taxonomy_id = t.term_taxonomy_id)");
    }
    Result<void> option(std::string_view name, std::string_view value) {
        std::string sql = "REPLACE INTO wp_options (option_name,option_value,autoload) VALUES (";
        mysql::append_quoted(sql, name);
        sql += ',';
        mysql::append_quoted(sql, value);
        return statement(sql + ",'yes')");
    }
    Result<void> options();

    Tenant const& tenant_;
    std::vector<Upload> const& uploads_;
    TextSource text_;
    std::string out_;
    StatementSink const sink_ = [this](std::string_view sql) { return statement(sql); };
};

Result<void> Dump::options() {
    TRY(option("permalink_structure", "/%postname%/"));
    TRY(option("rewrite_rules", ""));  // WordPress makes them anew
    TRY(option("blogdescription", text_.sentence()));
    TRY(option("wp_page_for_privacy_policy", fmt::format("{}", kPrivacyPage)));
    for (auto const* const name :
         {"comment_moderation", "comment_previously_approved", "comments_notify"}) {
        TRY(option(name, "0"));
    }
    TRY(option("seo_titles", php_serialized(json::object{
                                 {"separator", "sc-dash"},
                                 {"title-home", tenant_.title + " – %%sitedesc%%"},
                                 {"breadcrumbs", true},
                                 {"noindex", tenant_.traffic == TrafficClass::Development},
                                 {"types", json::array{"post", "page"}}})));
    TRY(option("backup_jobs", php_serialized(json::object{
                                  {"1", json::object{{"name", "nightly"}, {"hour", 3}}},
                                  {"2", json::object{{"name", "Wöchentlich"}, {"hour", 4}}}})));
    TRY(option("gallery_settings",
               php_serialized(json::object{{"columns", 2 + tenant_.number % 3},
                                           {"ratio", 1.5},
                                           {"base", address("wp-content/uploads/")},
                                           {"watermark", nullptr}})));
    if (tenant_.kind == SiteKind::Shop) {
        TRY(option("woocommerce_currency", "EUR"));
        TRY(option("woocommerce_permalinks",
                   php_serialized(json::object{{"product_base", "/product"},
                                               {"category_base", "product-category"}})));
    }
    for (unsigned i = 0; i < 4 + tenant_.size.posts / 10; ++i) {
        TRY(option(fmt::format("plugin_cache_{}", i), text_.serialized(600)));
    }
    return {};
}

}  // namespace

std::string post_path(Tenant const& tenant, unsigned index) {
    return fmt::format("/{}-post-{}/", to_string(tenant.kind), index + 1);
}

Result<std::string> make_site_dump(Tenant const& tenant, std::vector<Upload> const& uploads) {
    return Dump(tenant, uploads).make();
}

}  // namespace aipress::poc
