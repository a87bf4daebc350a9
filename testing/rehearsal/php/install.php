<?php
// php -d auto_prepend_file=prepend.php install.php TITLE: installs WordPress into an empty database by
// WordPress's own installer, then opens comments to everybody.
define('WP_INSTALLING', true);
require ABSPATH . 'wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

function wp_new_blog_notification() {}

wp_install($argv[1], 'admin', 'admin@example.test', true, '', wp_generate_password(24));

foreach ([
    'comment_registration' => 0, 'comment_moderation' => 0, 'comment_previously_approved' => 0,
    'comments_notify' => 0, 'moderation_notify' => 0, 'require_name_email' => 1, 'close_comments_for_old_posts' => 0,
    'page_comments' => 1, 'comments_per_page' => 20, 'default_pingback_flag' => 0, 'posts_per_page' => 5,
] as $option => $value) {
    update_option($option, $value);
}
switch_theme('twentytwentyone');
$GLOBALS['wp_rewrite']->set_permalink_structure('/%postname%/');
flush_rewrite_rules(false);
echo get_bloginfo('version'), "\n";
