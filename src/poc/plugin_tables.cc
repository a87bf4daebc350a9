#include "poc/plugin_tables.h"

#include <fmt/format.h>

namespace aipress::poc {
namespace {

constexpr std::uint64_t kProducts = 400;

constexpr char const* kShopTables[] = {
    "CREATE TABLE wp_wc_orders (id BIGINT UNSIGNED NOT NULL, status VARCHAR(20), currency "
    "VARCHAR(10), "
    "type VARCHAR(20), tax_amount DECIMAL(26,8), total_amount DECIMAL(26,8), customer_id BIGINT "
    "UNSIGNED, billing_email VARCHAR(320), date_created_gmt DATETIME, comment_id BIGINT UNSIGNED, "
    "customer_note TEXT, PRIMARY KEY (id), KEY status (status), KEY date_created "
    "(date_created_gmt), "
    "KEY billing_email (billing_email(191)), KEY type_status (type, status)) "
    "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci",
    "CREATE TABLE wp_wc_order_stats (order_id BIGINT UNSIGNED NOT NULL, parent_id BIGINT UNSIGNED "
    "NOT "
    "NULL DEFAULT 0, date_created DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00', num_items_sold "
    "INT "
    "NOT NULL DEFAULT 0, total_sales DOUBLE NOT NULL DEFAULT 0, returning_customer TINYINT(1) "
    "DEFAULT "
    "NULL, status VARCHAR(200) NOT NULL, PRIMARY KEY (order_id), KEY date_created (date_created), "
    "KEY status (status(191))) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci",
    "CREATE TABLE wp_woocommerce_order_items (order_item_id BIGINT UNSIGNED NOT NULL "
    "AUTO_INCREMENT, "
    "order_item_name TEXT NOT NULL, order_item_type VARCHAR(200) NOT NULL DEFAULT '', order_id "
    "BIGINT "
    "UNSIGNED NOT NULL, PRIMARY KEY (order_item_id), KEY order_id (order_id)) "
    "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci",
    "CREATE TABLE wp_woocommerce_order_itemmeta (meta_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, "
    "order_item_id BIGINT UNSIGNED NOT NULL, meta_key VARCHAR(255) DEFAULT NULL, meta_value "
    "LONGTEXT, "
    "PRIMARY KEY (meta_id), KEY order_item_id (order_item_id), KEY meta_key (meta_key(32))) "
    "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci",
    "CREATE TABLE wp_woocommerce_sessions (session_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, "
    "session_key CHAR(32) NOT NULL, session_value LONGTEXT NOT NULL, session_expiry BIGINT "
    "UNSIGNED "
    "NOT NULL, PRIMARY KEY (session_id), UNIQUE KEY session_key (session_key)) "
    "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci",
    "CREATE TABLE wp_wc_product_meta_lookup (product_id BIGINT NOT NULL, sku VARCHAR(100) DEFAULT "
    "'', "
    "`virtual` TINYINT(1) DEFAULT 0, min_price DECIMAL(19,4), max_price DECIMAL(19,4), onsale "
    "TINYINT(1) DEFAULT 0, stock_quantity DOUBLE, stock_status VARCHAR(100) DEFAULT 'instock', "
    "average_rating DECIMAL(3,2) DEFAULT 0.00, total_sales BIGINT DEFAULT 0, PRIMARY KEY "
    "(product_id), "
    "KEY stock (stock_status(50), stock_quantity), KEY min_max_price (min_price, max_price)) "
    "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci",
    "CREATE TABLE wp_wc_product_attributes_lookup (product_id BIGINT NOT NULL, "
    "product_or_parent_id "
    "BIGINT NOT NULL, taxonomy VARCHAR(32) NOT NULL, term_id BIGINT NOT NULL, "
    "is_variation_attribute "
    "TINYINT(1) NOT NULL, in_stock TINYINT(1) NOT NULL, PRIMARY KEY (product_or_parent_id, "
    "term_id, "
    "product_id, taxonomy), KEY variation (is_variation_attribute, term_id)) "
    "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci",
    "CREATE TABLE wp_woocommerce_tax_rate_locations (location_code VARCHAR(200) NOT NULL, "
    "location_type VARCHAR(40) NOT NULL, tax_rate_id BIGINT UNSIGNED NOT NULL, rate DECIMAL(8,4), "
    "PRIMARY KEY (location_code, location_type), UNIQUE KEY rate_place (tax_rate_id, "
    "location_code)) "
    "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci",
};

constexpr char const* kLegacyTables[] = {
    "CREATE TABLE wp_guestbook (id INT UNSIGNED NOT NULL AUTO_INCREMENT, author VARCHAR(60) NOT "
    "NULL, "
    "message TEXT NOT NULL, mood ENUM('gut','schön','naja') NOT NULL DEFAULT 'gut', written "
    "DATETIME "
    "NOT NULL DEFAULT '0000-00-00 00:00:00', score FLOAT, PRIMARY KEY (id), KEY author (author)) "
    "ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci",
    "CREATE TABLE wp_hit_counter (page VARCHAR(100) NOT NULL, hits INT UNSIGNED NOT NULL DEFAULT "
    "0, "
    "seen DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00', PRIMARY KEY (page)) "
    "ENGINE=MyISAM DEFAULT CHARSET=latin1 COLLATE=latin1_general_ci",
    "CREATE TABLE wp_visitor_log (comment_id BIGINT UNSIGNED NOT NULL, agent VARCHAR(120), visited "
    "DATETIME, KEY visited (visited)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3",
    "CREATE TABLE wp_thumbnails (name VARBINARY(40) NOT NULL, tag BINARY(8) NOT NULL, body "
    "MEDIUMBLOB, changed TIMESTAMP NULL, PRIMARY KEY (name, tag)) ENGINE=InnoDB DEFAULT "
    "CHARSET=latin1",
};

Result<void> fill_orders(StatementSink const& sink, TextSource& text, std::uint64_t orders) {
    BulkInsert order(sink,
                     "wp_wc_orders (id,status,currency,type,tax_amount,total_amount,customer_id,"
                     "billing_email,date_created_gmt,customer_note)");
    BulkInsert stats(sink,
                     "wp_wc_order_stats (order_id,date_created,num_items_sold,total_sales,"
                     "returning_customer,status)");
    BulkInsert item(
        sink,
        "wp_woocommerce_order_items (order_item_id,order_item_name,order_item_type,order_id)");
    BulkInsert meta(sink, "wp_woocommerce_order_itemmeta (order_item_id,meta_key,meta_value)");
    for (std::uint64_t id = 1; id <= orders; ++id) {
        auto const total = fmt::format("{}.{:08}", text.number(2'000), text.number(100'000'000));
        auto const date = text.date();
        TRY(order.row(id, "wc-completed", "EUR", "shop_order", "0.19000000", Sql{total}, id % 900,
                      fmt::format("buyer{}@example.test", id % 900), date, text.sentence()));
        TRY(stats.row(id, date, id % 7, Sql{total}, id % 2, "wc-completed"));
        for (std::uint64_t line = 0; line < 3; ++line) {
            TRY(item.row(id * 3 + line, text.sentence(), "line_item", id));
            TRY(meta.row(id * 3 + line, "_line_total", total));
            TRY(meta.row(id * 3 + line, "_line_tax_data", text.serialized(120)));
        }
    }
    TRY(order.flush());
    TRY(stats.flush());
    TRY(item.flush());
    return meta.flush();
}

Result<void> fill_catalogue(StatementSink const& sink, TextSource& text) {
    BulkInsert product(
        sink,
        "wp_wc_product_meta_lookup (product_id,sku,min_price,max_price,stock_quantity,"
        "average_rating)");
    BulkInsert attribute(sink, "wp_wc_product_attributes_lookup");
    BulkInsert place(sink, "wp_woocommerce_tax_rate_locations");
    BulkInsert session(sink, "wp_woocommerce_sessions (session_key,session_value,session_expiry)");
    for (std::uint64_t id = 1; id <= kProducts; ++id) {
        TRY(product.row(id, fmt::format("SKU-{:05}", id), Sql{"4.9900"}, Sql{"19.9000"}, 100'000,
                        Sql{"4.25"}));
        for (std::uint64_t term = 1; term <= 6; ++term)
            TRY(attribute.row(id, id % 40, fmt::format("pa_size_{}", term), term, term % 2, 1));
        TRY(place.row(fmt::format("DE-{:05}", 10'000 + id), "postcode", id, Sql{"19.0000"}));
    }
    for (std::uint64_t i = 0; i < 500; ++i)
        TRY(session.row(fmt::format("old-{}", i), text.serialized(2'500), 1'700'000'000 + i));
    TRY(product.flush());
    TRY(attribute.flush());
    TRY(place.flush());
    return session.flush();
}

}  // namespace

Result<void> make_shop_tables(StatementSink const& sink, TextSource& text, std::uint64_t orders) {
    for (auto const* table : kShopTables) TRY(sink(table));
    TRY(sink("START TRANSACTION"));
    TRY(fill_orders(sink, text, orders));
    TRY(fill_catalogue(sink, text));
    TRY(sink("COMMIT"));
    return {};
}

Result<void> make_legacy_tables(StatementSink const& sink, TextSource& text, std::uint64_t rows) {
    for (auto const* table : kLegacyTables) TRY(sink(table));
    BulkInsert guest(sink, "wp_guestbook (author,message,mood,written,score)");
    BulkInsert log(sink, "wp_visitor_log");
    BulkInsert hits(sink, "wp_hit_counter");
    BulkInsert thumbnail(sink, "wp_thumbnails");
    for (std::uint64_t i = 0; i < rows; ++i) {
        // Bytes of latin1, and text that was UTF-8 once and got stored as latin1: both must arrive
        // as they are.
        TRY(guest.row(i % 3 ? "J\xfcrgen" : "Zo\xc3\xab", text.sentence() + " \xa4\xdf\x80\x99",
                      i % 3 + 1, i % 5 ? text.date() : "0000-00-00 00:00:00",
                      Sql{i % 7 ? "1.2345679" : "NULL"}));
        // The same row many times over: without a primary key only their number tells them apart.
        TRY(log.row(0, i % 4 ? "Mozilla/4.0 (compatible; MSIE 6.0)" : "Lynx",
                    "2004-02-29 12:00:00"));
    }
    for (std::uint64_t i = 0; i < 200; ++i) {
        TRY(hits.row(fmt::format("page-{}", i), i, "0000-00-00 00:00:00"));
        TRY(thumbnail.row(text.bytes(12) + fmt::format("{}", i), text.bytes(7) + '\0',
                          text.bytes(3'000), Sql{i % 9 ? "'2001-09-09 01:46:40'" : "NULL"}));
    }
    TRY(guest.flush());
    TRY(log.flush());
    TRY(hits.flush());
    return thumbnail.flush();
}

}  // namespace aipress::poc
