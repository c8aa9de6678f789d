CREATE TABLE "api_keys" (
  "id" text PRIMARY KEY,
  "secret" text NOT NULL,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "revoked_at" timestamp with time zone
);
--> statement-breakpoint
-- Names sort by code point ("C"), whatever locale the server was set up with: pages of a list then never overlap.
CREATE TABLE "rooms" (
  "room_id" text COLLATE "C" PRIMARY KEY,
  "settings" jsonb NOT NULL,
  "created_at" timestamp with time zone NOT NULL DEFAULT now(),
  "updated_at" timestamp with time zone NOT NULL DEFAULT now()
);
