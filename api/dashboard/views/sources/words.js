/** Words of the view of sources, in both languages. */

const CONNECTORS = {
  json_file: ["پرونده‌ی JSON", "JSON file"], table_file: ["پرونده‌ی جدول (CSV یا Excel)", "Table file (CSV or Excel)"],
  telegram_export: ["خروجی تلگرام", "Telegram export"], telegram_bot: ["ربات تلگرام", "Telegram bot"],
  whatsapp_export: ["خروجی واتس‌اپ", "WhatsApp export"], mbox_file: ["پرونده‌ی ایمیل", "Mail file (mbox)"], imap: ["صندوق ایمیل", "Mailbox (IMAP)"],
  cafe_bazaar: ["کافه‌بازار", "Cafe Bazaar"], digikala: ["دیجی‌کالا", "Digikala"], mastodon: ["ماستودون", "Mastodon"], bluesky: ["بلواسکای", "Bluesky"],
  matrix: ["ماتریکس", "Matrix"], youtube: ["یوتیوب", "YouTube"], wordpress: ["وردپرس", "WordPress"], woocommerce: ["ووکامرس", "WooCommerce"],
  zendesk: ["زندسک", "Zendesk"], zammad: ["Zammad", "Zammad"], chatwoot: ["چت‌ووت", "Chatwoot"], request_tracker: ["Request Tracker", "Request Tracker"],
  singer: ["تپ سینگر", "Singer tap"], push: ["فرستاده به سرویس", "Sent to the service"], webhook: ["وب‌هوک", "Webhook"],
};

/** Return what a kind of connector is called. */
export function connectorName(kind, language) {
  return CONNECTORS[kind]?.[language === "fa" ? 0 : 1] ?? kind;
}

export const WORDS = {
  fa: {
    ok: "سالم", silent: "ساکت", failing: "خطا می‌دهد", never_ran: "هرگز اجرا نشده", disabled: "خاموش",
    sources: (n) => `${n} منبع`, allOk: "همه سالم‌اند",
    are: { silent: (n) => `${n} ساکت است`, failing: (n) => `${n} خطا می‌دهد`, never_ran: (n) => `${n} هرگز اجرا نشده`, disabled: (n) => `${n} خاموش است` },
    one: "یکی", and: "، ", refreshed: "این صفحه هر ۳۰ ثانیه خودش تازه می‌شود.",
    lastSuccess: "آخرین خواندن", newest: "تازه‌ترین پیام", nextRun: "خواندن بعدی", stored: "پیام‌های نگه‌داشته", pending: "در انتظار داوری",
    dead: "خوانده‌نشدنی", lastRun: "در آخرین خواندن", ever: "از آغاز", never: "هنوز نه", byItself: "خودبه‌خود، وقتی چیزی برسد", notPlanned: "برنامه‌ای نیست", overdue: "در نوبت",
    fresh: "تازه", updated: "ویرایش‌شده", duplicate: "تکراری", withoutText: "بی‌متن", unreadable: "خوانده‌نشدنی", nothingNew: "چیز تازه‌ای نبود",
    seeMessages: (name) => `دیدن پیام‌های ${name}`,
    whyFailing: (n) => `${n} بار پشت سر هم خوانده نشد.`, whyNever: "تا امروز چیزی از آن خوانده نشده است.",
    whySilent: (ago) => `تازه‌ترین پیام ${ago} رسیده؛ با آهنگی که این منبع داشت باید تا حالا پیام تازه‌ای می‌رسید.`,
    whySilentEmpty: "با آهنگی که این منبع داشت باید تا حالا پیام تازه‌ای می‌رسید.",
    whyDisabled: "در پرونده‌ی منابع «enabled = false» نوشته شده، پس خوانده نمی‌شود.",
    doFailing: "نشانی و رمز را بررسی کنید؛ این فرمان می‌گوید مشکل کجاست:", doSilent: "نخست ببینید آنجا اصلاً پیامی می‌رسد یا نه. سپس:",
    doNever: "خواندن منابع را راه بیندازید:", doDisabled: "برای خواندنش آن خط را بردارید و این را اجرا کنید:",
    doPending: "این پیام‌ها با این فرمان داوری می‌شوند:", doPush: "این منبع خودش پیام می‌فرستد؛ ببینید فرستنده روشن است و کلیدش باطل نشده:",
    noSources: "هنوز منبعی نیست", noSourcesHint: "هر جا مشتری حرفی می‌زند می‌تواند منبع باشد: ایمیل، تلگرام، بازار برنامه‌ها، تیکت‌ها. با این فرمان نخستین منبع را بسازید:",
    thenRun: "سپس خواندن را راه بیندازید:", limited: "این کلید تنها پیام‌های برخی برندها را می‌بیند.", limitedHint: "حال منابع را با کلیدی ببینید که همه‌ی پیام‌ها را می‌بیند.",
    copies: "هرزنامه‌ها، رونوشت‌ها، پیام‌های بی‌متن و پیام‌های در انتظار در فهرست پیام‌ها نیستند؛ پس آنجا می‌تواند کمتر باشد.",
  },
  en: {
    ok: "Fine", silent: "Silent", failing: "Failing", never_ran: "Never ran", disabled: "Switched off",
    sources: (n) => (n === "1" ? "1 source" : `${n} sources`), allOk: "all are fine",
    are: { silent: (n) => `${n} silent`, failing: (n) => `${n} failing`, never_ran: (n) => `${n} never ran`, disabled: (n) => `${n} switched off` },
    one: "one", and: ", ", refreshed: "This page refreshes itself every 30 seconds.",
    lastSuccess: "Last read", newest: "Newest message", nextRun: "Next read", stored: "Messages stored", pending: "Waiting to be judged",
    dead: "Unreadable", lastRun: "In the last read", ever: "Since the beginning", never: "not yet", byItself: "by itself, when something comes", notPlanned: "none planned", overdue: "due now",
    fresh: "new", updated: "edited", duplicate: "repeated", withoutText: "without text", unreadable: "unreadable", nothingNew: "nothing new",
    seeMessages: (name) => `See the messages of ${name}`,
    whyFailing: (n) => `It could not be read ${n === "1" ? "once" : `${n} times in a row`}.`, whyNever: "Nothing was ever read from it.",
    whySilent: (ago) => `Its newest message came ${ago}; by the rhythm that this source had, something new should have come by now.`,
    whySilentEmpty: "By the rhythm that this source had, something new should have come by now.",
    whyDisabled: "The sources file says “enabled = false”, so it is not read.",
    doFailing: "Check its address and its secret; this command says where the trouble is:", doSilent: "See first whether any message arrives there at all. Then:",
    doNever: "Start reading the sources:", doDisabled: "To have it read, remove that line and run:",
    doPending: "This command judges these messages:", doPush: "This source sends its messages by itself; see whether the sender runs and its key still holds:",
    noSources: "There is no source yet", noSourcesHint: "Wherever customers say something can be a source: mail, Telegram, app stores, tickets. Make the first one with:",
    thenRun: "Then start reading:", limited: "This key sees the messages of some brands only.", limitedHint: "Look at the sources with a key that sees all messages.",
    copies: "Spam, copies, messages without text and those that wait are not in the list of messages; there may be fewer.",
  },
};
