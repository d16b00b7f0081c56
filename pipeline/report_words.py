"""The fixed words of the report in both languages."""

from __future__ import annotations

from pipeline.sentences import Words

TEXTS = {
    "title": Words("گزارش صدای مشتری", "Voice of the customer"),
    "net": Words("احساس خالص", "Net sentiment"),
    "net_means": Words(
        "درصد نظرهای مثبت منهای درصد نظرهای منفی، از ۱۰۰− تا ۱۰۰+؛ در پرانتز بازه اطمینان ۹۵٪.",
        "Per cent positive minus per cent negative mentions, from −100 to +100; in brackets the 95% interval.",
    ),
    "too_few": Words("برای داوری کم است", "too few to tell"),
    "weeks": Words("احساس خالص در هفته‌ها", "Net sentiment by week"),
    "weeks_mean": Words(
        "نوار کم‌رنگ بازه اطمینان ۹۵٪ است؛ هفته‌هایی که نظر کافی ندارند خالی مانده‌اند. هفته از شنبه است.",
        "The pale band is the 95% interval; weeks with too few mentions are left out. Weeks begin on Saturday.",
    ),
    "changed": Words("چه چیزی تغییر کرد", "What changed"),
    "changed_means": Words(
        "در برابر بازه پیشین به همین درازا؛ تنها آنچه بیش از نوسان تصادفی است گفته می‌شود.",
        "Against the period of equal length before; only what is more than chance is told.",
    ),
    "journey": Words("سفر مشتری", "Customer journey"),
    "stage": Words("مرحله", "Stage"),
    "mentions": Words("نظر", "Mentions"),
    "share": Words("سهم", "Share"),
    "intents": Words("بیشترین قصدها", "Main intents"),
    "pains": Words("کجا درد می‌کند", "Where it hurts"),
    "place": Words("مرحله · جنبه · قصد", "Stage · aspect · intent"),
    "negative": Words("نظر منفی", "Negative"),
    "negative_share": Words("سهم منفی", "Share negative"),
    "before": Words("پیش‌تر", "Before"),
    "quotes": Words("ده پیام", "Ten messages"),
    "quotes_mean": Words(
        "تازه‌ترین پیام‌های منفی از همان جاها؛ داده‌های شخصی پوشانده شده است.",
        "The newest negative messages of those places; personal data in them is masked.",
    ),
    "nothing": Words("در این بازه پیامی نیست.", "There is no message in this period."),
    "model": Words("مدل", "Model"),
}
