<?php
/*
Plugin Name: Rehearsal
Description: Lets many visitors comment quickly, says which database answered, and writes what a plugin of this kind of site would write.
*/

// Sent before WordPress connects, so that a failed request says where it was going, too.
header('X-Database: ' . DB_HOST);

add_filter('wp_is_comment_flood', '__return_false', 99);
add_filter('pre_wp_mail', '__return_true');
add_filter('pre_http_request', function () {
    return new WP_Error('blocked', 'the rehearsal makes no request to the outside');
}, 99);

// When its session is killed, WordPress would ask a locked account again and again, a second each, five
// times for every query that is left of the page: minutes in which one visitor learns nothing.
$GLOBALS['wpdb']->reconnect_retries = 0;

// A comment counts as accepted only when its companion rows are stored: the answer to the visitor is
// sent after this hook, so whatever the visitor was told must be found in these tables as well.
add_action('comment_post', function ($comment_id) {
    try {
        $write = 'rehearsal_write_' . REHEARSAL_KIND;
        $write((int) $comment_id);
    } catch (RuntimeException $error) {
        wp_die(esc_html($error->getMessage()), '', ['response' => 500]);
    }
});

function rehearsal_query($sql, ...$values)
{
    global $wpdb;
    if ($wpdb->query($values ? $wpdb->prepare($sql, ...$values) : $sql) === false) {
        throw new RuntimeException('companion write failed: ' . $wpdb->last_error);
    }
    return $wpdb->insert_id;
}

function rehearsal_write_blog($comment_id)
{
    rehearsal_query("INSERT INTO wp_commentmeta (comment_id, meta_key, meta_value) VALUES (%d, '_rating', %s)",
        $comment_id, (string) ($comment_id % 5 + 1));
}

// An order, its items, the stock of a product, a session that is written again and again, an old one removed.
function rehearsal_write_shop($comment_id)
{
    $product = 1 + $comment_id % 50;
    $amount = number_format(4.99 + ($comment_id % 997) / 8, 8, '.', '');
    rehearsal_query("INSERT INTO wp_wc_orders (id, status, currency, type, tax_amount, total_amount, billing_email, date_created_gmt, comment_id)
        VALUES (%d, 'wc-processing', 'EUR', 'shop_order', %s, %s, %s, UTC_TIMESTAMP(), %d)",
        1000000 + $comment_id, $amount / 5, $amount, "buyer-$comment_id@example.test", $comment_id);
    rehearsal_query("INSERT INTO wp_wc_order_stats (order_id, parent_id, date_created, num_items_sold, total_sales, status)
        VALUES (%d, 0, UTC_TIMESTAMP(), 2, %f, 'wc-processing')", 1000000 + $comment_id, $amount);
    foreach (['line_item', 'shipping'] as $type) {
        $item = rehearsal_query("INSERT INTO wp_woocommerce_order_items (order_item_name, order_item_type, order_id) VALUES (%s, %s, %d)",
            "Łódź & \"Co\" 🛒 $comment_id", $type, 1000000 + $comment_id);
        rehearsal_query("INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value) VALUES (%d, '_line_total', %s)",
            $item, $amount);
    }
    rehearsal_query("UPDATE wp_wc_product_meta_lookup SET stock_quantity = stock_quantity - 1, total_sales = total_sales + 1
        WHERE product_id = %d", $product);
    rehearsal_query("INSERT INTO wp_woocommerce_sessions (session_key, session_value, session_expiry) VALUES (%s, %s, %d)
        ON DUPLICATE KEY UPDATE session_value = VALUES(session_value), session_expiry = VALUES(session_expiry)",
        'visitor-' . $comment_id % 40, serialize(['cart' => str_repeat("item $comment_id;", 200)]), time() + 3600);
    rehearsal_query("DELETE FROM wp_woocommerce_sessions WHERE session_key = %s", 'old-' . $comment_id % 500);
}

// A row in a table without a primary key, a counter in a MyISAM table, a guestbook in latin1.
function rehearsal_write_legacy($comment_id)
{
    rehearsal_query("INSERT INTO wp_visitor_log (comment_id, agent, visited) VALUES (%d, 'Mozilla/4.0', UTC_TIMESTAMP())", $comment_id);
    rehearsal_query("UPDATE wp_hit_counter SET hits = hits + 1, seen = UTC_TIMESTAMP() WHERE page = %s", 'page-' . $comment_id % 20);
    rehearsal_query("INSERT INTO wp_guestbook (author, message) VALUES (%s, %s)", 'Jürgen', "Schöne Grüße №$comment_id, déjà vu");
}
