#include "bench/wordpress_data.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <functional>
#include <string_view>

#include "mysql/connection.h"

namespace aipress::bench {
namespace {

// splitmix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    std::uint64_t below(std::uint64_t limit) { return next() % limit; }

private:
    std::uint64_t state_;
};

constexpr std::string_view kWords[] = {
    "the", "site",  "of",      "garden",  "wp:paragraph", "<p>",       "</p>",   "caf\xc3\xa9",
    "and", "photo", "with",    "travel",  "<strong>",     "</strong>", "recipe", "M\xc3\xbcnchen",
    "to",  "a",     "in",      "weather", "wordpress",    "plugin",    "summer", "\xf0\x9f\x8c\xb1",
    "is",  "for",   "kitchen", "<br />",  "winter's",     "\"quote\"", "river",  "na\xc3\xafve"};

// A megabyte of words, made once; texts are pieces of it that begin and end between words.
class TextPool {
public:
    explicit TextPool(Random& random) {
        while (text_.size() < (std::size_t{1} << 20)) {
            starts_.push_back(text_.size());
            text_ += kWords[random.below(std::size(kWords))];
            text_ += ' ';
        }
    }
    void append(std::string& out, Random& random, std::size_t about_bytes) const {
        auto const start = starts_[random.below(starts_.size())];
        auto const wanted = std::min(start + about_bytes, text_.size() - 1);
        auto const end = std::upper_bound(starts_.begin(), starts_.end(), wanted);
        out.append(text_, start, *(end - 1) - start);
    }

private:
    std::string text_;
    std::vector<std::size_t> starts_;
};

constexpr std::size_t kPostBytes = 4'000;  // of content, on average
constexpr std::uint64_t kPostRow = 4'300;  // bytes of row data of one post
constexpr std::uint64_t kMetaRow = 90;     // and of the others
constexpr std::uint64_t kCommentRow = 500;
constexpr std::uint64_t kOptionRow = 1'100;
constexpr std::uint64_t kRelationshipRow = 20;

struct Maker {
    Random random;
    TextPool pool;

    explicit Maker(std::uint64_t seed) : random(seed), pool(random) {}

    void text(std::string& out, std::size_t bytes) { pool.append(out, random, bytes); }
    void date(std::string& out) {
        fmt::format_to(std::back_inserter(out), "20{:02}-{:02}-{:02} {:02}:{:02}:{:02}",
                       10 + random.below(15), 1 + random.below(12), 1 + random.below(28),
                       random.below(24), random.below(60), random.below(60));
    }
};

void post_row(std::string& out, std::uint64_t id, Maker& maker) {
    fmt::format_to(std::back_inserter(out), "{}\t{}\t", id, 1 + maker.random.below(20));
    maker.date(out);
    out += '\t';
    maker.text(out, kPostBytes / 2 + maker.random.below(kPostBytes));
    out += '\t';
    maker.text(out, 60);
    out += '\t';
    maker.text(out, 120);
    fmt::format_to(std::back_inserter(out), "\tpublish\tpost-{}\t", id);
    maker.date(out);
    fmt::format_to(std::back_inserter(out), "\t{}\thttps://site.example/?p={}\tpost\n",
                   maker.random.below(id + 1), id);
}

void meta_row(std::string& out, std::uint64_t id, Maker& maker) {
    fmt::format_to(std::back_inserter(out), "{}\t{}\t_key_{}\t", id, 1 + id / 12,
                   maker.random.below(40));
    maker.text(out, 20 + maker.random.below(80));
    out += '\n';
}

void comment_row(std::string& out, std::uint64_t id, Maker& maker) {
    fmt::format_to(std::back_inserter(out), "{}\t{}\tauthor {}\tauthor{}@mail.example\t", id,
                   1 + maker.random.below(1 + id / 2), maker.random.below(5'000),
                   maker.random.below(5'000));
    maker.date(out);
    out += '\t';
    maker.text(out, 200 + maker.random.below(400));
    fmt::format_to(std::back_inserter(out), "\t{}\tcomment\t{}\n", maker.random.below(2),
                   maker.random.below(id));
}

void option_row(std::string& out, std::uint64_t id, Maker& maker) {
    fmt::format_to(std::back_inserter(out), "{}\t_transient_option_{}\t", id, id);
    maker.text(out, 100 + maker.random.below(1'900));
    out += maker.random.below(4) == 0 ? "\tyes\n" : "\tno\n";
}

void relationship_row(std::string& out, std::uint64_t id, Maker& maker) {
    fmt::format_to(std::back_inserter(out), "{}\t{}\t{}\n", 1 + id / 5, 1 + id % 5 * 100,
                   maker.random.below(3));
}

struct TableRecipe {
    std::string_view table;
    unsigned percent;  // of the bytes
    std::uint64_t row_bytes;
    void (*row)(std::string&, std::uint64_t, Maker&);
    std::string_view columns;
    std::string_view create;
};

// WordPress 6's own definitions, the columns that matter for size and indexes.
constexpr std::array<TableRecipe, 5> kRecipes{{
    {"wp_posts", 55, kPostRow, post_row,
     "ID,post_author,post_date,post_content,post_title,post_excerpt,post_status,post_name,"
     "post_modified,post_parent,guid,post_type",
     "ID bigint(20) unsigned NOT NULL AUTO_INCREMENT,"
     "post_author bigint(20) unsigned NOT NULL DEFAULT 0,"
     "post_date datetime NOT NULL DEFAULT '0000-00-00 00:00:00',"
     "post_content longtext NOT NULL,post_title text NOT NULL,post_excerpt text NOT NULL,"
     "post_status varchar(20) NOT NULL DEFAULT 'publish',"
     "post_name varchar(200) NOT NULL DEFAULT '',"
     "post_modified datetime NOT NULL DEFAULT '0000-00-00 00:00:00',"
     "post_parent bigint(20) unsigned NOT NULL DEFAULT 0,guid varchar(255) NOT NULL DEFAULT '',"
     "post_type varchar(20) NOT NULL DEFAULT 'post',comment_count bigint(20) NOT NULL DEFAULT 0,"
     "PRIMARY KEY (ID),KEY post_name (post_name(191)),"
     "KEY type_status_date (post_type,post_status,post_date,ID),KEY post_parent (post_parent),"
     "KEY post_author (post_author)"},
    {"wp_postmeta", 25, kMetaRow, meta_row, "meta_id,post_id,meta_key,meta_value",
     "meta_id bigint(20) unsigned NOT NULL AUTO_INCREMENT,"
     "post_id bigint(20) unsigned NOT NULL DEFAULT 0,meta_key varchar(255) DEFAULT NULL,"
     "meta_value longtext DEFAULT NULL,PRIMARY KEY (meta_id),KEY post_id (post_id),"
     "KEY meta_key (meta_key(191))"},
    {"wp_comments", 12, kCommentRow, comment_row,
     "comment_ID,comment_post_ID,comment_author,comment_author_email,comment_date,"
     "comment_content,comment_approved,comment_type,comment_parent",
     "comment_ID bigint(20) unsigned NOT NULL AUTO_INCREMENT,"
     "comment_post_ID bigint(20) unsigned NOT NULL DEFAULT 0,comment_author tinytext NOT NULL,"
     "comment_author_email varchar(100) NOT NULL DEFAULT '',"
     "comment_date datetime NOT NULL DEFAULT '0000-00-00 00:00:00',comment_content text NOT NULL,"
     "comment_approved varchar(20) NOT NULL DEFAULT '1',"
     "comment_type varchar(20) NOT NULL DEFAULT 'comment',"
     "comment_parent bigint(20) unsigned NOT NULL DEFAULT 0,PRIMARY KEY (comment_ID),"
     "KEY comment_post_ID (comment_post_ID),"
     "KEY comment_approved_date (comment_approved,comment_date),"
     "KEY comment_parent (comment_parent),KEY comment_author_email (comment_author_email(10))"},
    {"wp_options", 5, kOptionRow, option_row, "option_id,option_name,option_value,autoload",
     "option_id bigint(20) unsigned NOT NULL AUTO_INCREMENT,"
     "option_name varchar(191) NOT NULL DEFAULT '',option_value longtext NOT NULL,"
     "autoload varchar(20) NOT NULL DEFAULT 'yes',PRIMARY KEY (option_id),"
     "UNIQUE KEY option_name (option_name),KEY autoload (autoload)"},
    {"wp_term_relationships", 3, kRelationshipRow, relationship_row,
     "object_id,term_taxonomy_id,term_order",
     "object_id bigint(20) unsigned NOT NULL DEFAULT 0,"
     "term_taxonomy_id bigint(20) unsigned NOT NULL DEFAULT 0,term_order int(11) NOT NULL DEFAULT "
     "0,"
     "PRIMARY KEY (object_id,term_taxonomy_id),KEY term_taxonomy_id (term_taxonomy_id)"},
}};

std::uint64_t rows_for(TableRecipe const& recipe, std::uint64_t size_bytes) {
    return std::max<std::uint64_t>(1, size_bytes / 100 * recipe.percent / recipe.row_bytes);
}

// Rows 1 … `rows` as LOAD DATA's default text.
class RowSource final : public mysql::LoadSource {
public:
    RowSource(TableRecipe const& recipe, std::uint64_t rows, Maker& maker)
        : recipe_(recipe), rows_(rows), maker_(maker) {}

    Result<std::size_t> read(std::span<char> buffer) override {
        while (pending_.size() - sent_ < buffer.size() && row_ < rows_) {
            if (sent_ == pending_.size()) {
                pending_.clear();
                sent_ = 0;
            }
            recipe_.row(pending_, ++row_, maker_);
        }
        auto const size = std::min(buffer.size(), pending_.size() - sent_);
        std::copy_n(pending_.data() + sent_, size, buffer.data());
        sent_ += size;
        if (sent_ > (std::size_t{1} << 20)) {
            pending_.erase(0, sent_);
            sent_ = 0;
        }
        return size;
    }

private:
    TableRecipe const& recipe_;
    std::uint64_t rows_;
    Maker& maker_;
    std::uint64_t row_ = 0;
    std::string pending_;
    std::size_t sent_ = 0;
};

Result<void> fill_table(Context const& context, mysql::Connection& connection,
                        TableRecipe const& recipe, std::uint64_t rows, Maker& maker) {
    TRY(connection.execute(context, fmt::format("CREATE TABLE {} ({}) ENGINE=InnoDB DEFAULT "
                                                "CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci",
                                                recipe.table, recipe.create)));
    RowSource source(recipe, rows, maker);
    auto const sql =
        fmt::format("LOAD DATA LOCAL INFILE 'rows' INTO TABLE {} CHARACTER SET utf8mb4 ({})",
                    recipe.table, recipe.columns);
    auto const loaded = TRY(connection.load_data(context, sql, source));
    if (loaded.affected_rows != rows || loaded.warnings != 0) {
        return Error(ErrorCode::Internal, fmt::format("sent {} rows: {}", rows, loaded.info));
    }
    return {};
}

}  // namespace

std::vector<TableSize> table_sizes(std::uint64_t size_bytes) {
    std::vector<TableSize> sizes;
    for (auto const& recipe : kRecipes) {
        sizes.push_back({std::string(recipe.table), rows_for(recipe, size_bytes)});
    }
    return sizes;
}

Result<void> make_tenant(Context const& context, testing::DatabaseServer const& server,
                         std::string const& name, std::uint64_t size_bytes, std::uint64_t seed) {
    auto connection = TRY(mysql::Connection::open(context, server.root()));
    auto const quoted = mysql::quote_identifier(name);
    TRY(connection.execute(context, "SET SESSION sql_log_bin=0"));
    TRY(connection.execute(context, "CREATE DATABASE " + quoted + " CHARACTER SET utf8mb4"));
    TRY(connection.execute(context, "USE " + quoted));
    Maker maker(seed);
    for (auto const& recipe : kRecipes) {
        TRY(fill_table(context, connection, recipe, rows_for(recipe, size_bytes), maker)
                .in_context(recipe.table));
    }
    return {};
}

Result<void> make_tenant_account(Context const& context, testing::DatabaseServer const& server,
                                 std::vector<std::string> const& databases) {
    auto connection = TRY(mysql::Connection::open(context, server.root()));
    TRY(connection.execute(context, fmt::format("CREATE USER '{}'@'%' IDENTIFIED BY '{}'",
                                                kTenantUser, kTenantPassword)));
    for (auto const& database : databases) {
        TRY(connection.execute(
            context, fmt::format("GRANT ALL ON {}.* TO '{}'@'%'", mysql::quote_identifier(database),
                                 kTenantUser)));
    }
    return {};
}

Result<std::uint64_t> count_rows(Context const& context, testing::DatabaseServer const& server,
                                 std::string const& database) {
    auto connection = TRY(mysql::Connection::open(context, server.root(database)));
    std::uint64_t rows = 0;
    for (auto const& recipe : kRecipes) {
        auto const counted =
            TRY(connection.query(context, fmt::format("SELECT COUNT(*) FROM {}", recipe.table)));
        rows += std::stoull(counted.scalar().value_or("0"));
    }
    return rows;
}

}  // namespace aipress::bench
