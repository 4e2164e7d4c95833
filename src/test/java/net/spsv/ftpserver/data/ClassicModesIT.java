/*
 * Copyright the ftpserver-spsv authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     http://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package net.spsv.ftpserver.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import net.spsv.ftpserver.testing.FtpServerExtension;
import net.spsv.ftpserver.testing.LeakCheckExtension;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** PORT, PASV, EPSV and EPRT on a session that never sends SPSV: the same with the plugin as without. */
@Timeout(180)
@ExtendWith(LeakCheckExtension.class)
class ClassicModesIT {
    @RegisterExtension
    static final FtpServerExtension SERVER = new FtpServerExtension();

    @RegisterExtension
    static final FtpServerExtension STOCK = new FtpServerExtension().plugin(false);

    private static final byte[] CONTENT = new byte[300_000];

    @BeforeAll
    static void fill() {
        new Random(1).nextBytes(CONTENT);
        SERVER.file("source", CONTENT);
        STOCK.file("source", CONTENT);
    }

    @ParameterizedTest
    @EnumSource(names = {"PASV", "EPSV", "PORT", "EPRT"})
    void transfersAreThoseOfTheStockServer(final DataMode mode) throws IOException {
        try (TransferClient client = TransferClient.login(SERVER);
                TransferClient stock = TransferClient.login(STOCK)) {
            for (final String[] commands : new String[][] {
                {"RETR source"},
                {"REST 299990", "RETR source"},
                {"TYPE A", "RETR source"},
                {"TYPE I", "MODE Z", "RETR source"},
                {"MODE S", "NLST"},
                {"RETR missing"},
                {"LIST missing"}
            }) {
                final Outcome outcome = client.download(mode, commands);
                assertThat(outcome).as("%s", Arrays.asList(commands)).isEqualTo(stock.download(mode, commands));
            }
            for (final String[] commands :
                    new String[][] {{"STOR target"}, {"REST 10", "STOR target"}, {"APPE target"}}) {
                assertThat(client.upload(mode, CONTENT, commands))
                        .as("%s", Arrays.asList(commands))
                        .isEqualTo(stock.upload(mode, CONTENT, commands));
            }
            assertThat(client.upload(mode, new byte[0], "STOR missing/target"))
                    .isEqualTo(stock.upload(mode, new byte[0], "STOR missing/target"));
            assertThat(SERVER.content("target"))
                    .isEqualTo(STOCK.content("target"))
                    .hasSize(10 + 2 * CONTENT.length);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"PASV", "EPSV", "PORT", "EPRT"})
    void preparationIsUsedUpAsOnTheStockServer(final DataMode mode) throws IOException {
        try (TransferClient client = TransferClient.login(SERVER);
                TransferClient stock = TransferClient.login(STOCK)) {
            for (final TransferClient each : new TransferClient[] {client, stock}) {
                each.command("RETR source", 503);
                each.download(mode, "RETR source");
                // The address of the last preparation stays, and nobody listens or calls there.
                each.command("RETR source", 150);
                each.control().expect(425);
                assertThat(each.download(mode, "RETR source").data()).isEqualTo(CONTENT);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"PASV", "EPSV", "PORT", "EPRT"})
    void aborWithoutATransferIsThatOfTheStockServer(final DataMode mode) throws IOException {
        try (TransferClient client = TransferClient.login(SERVER);
                TransferClient stock = TransferClient.login(STOCK)) {
            for (final TransferClient each : new TransferClient[] {client, stock}) {
                try (DataMode.Prepared prepared = each.prepare(mode)) {
                    assertThat(each.command("ABOR", 226)).isEqualTo("226 ABOR command successful.");
                    assertThat(prepared).isNotNull();
                }
                assertThat(each.download(mode, "RETR source").data()).isEqualTo(CONTENT);
            }
        }
    }

    /** The stock server takes an ABOR up when the transfer is through, so the data comes whole. */
    @ParameterizedTest
    @EnumSource(names = {"PASV", "EPSV", "PORT", "EPRT"})
    void aborDuringATransferIsThatOfTheStockServer(final DataMode mode) throws IOException {
        try (TransferClient client = TransferClient.login(SERVER);
                TransferClient stock = TransferClient.login(STOCK)) {
            for (final TransferClient each : new TransferClient[] {client, stock}) {
                try (Transfer upload = each.begin(mode, "STOR aborted")) {
                    upload.send(CONTENT);
                    each.control().line("ABOR");
                }
                each.control().expect(226);
                assertThat(each.control().reply()).isEqualTo("226 ABOR command successful.");
                assertThat(each.download(mode, "RETR aborted").data()).isEqualTo(CONTENT);
            }
        }
    }
}
